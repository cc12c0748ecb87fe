"""Numbers that a <Dial> may not show, and the traces of a <Dial> that was refused."""

import pytest

from tests.sandbox.calls import bridge_to_charlie, call_alice
from tests.sandbox.conftest import ALICE, CHARLIE, Receiver, Sandbox

FRENCH = "+33123456789"


def refuse(sandbox: Sandbox, *refusals: dict[str, object], **refused_dial: bool) -> None:
    sandbox.post("twilio", refused_callers=list(refusals), refused_dial=refused_dial)


def play(sandbox: Sandbox, receiver: Receiver) -> tuple[str, dict[str, str]]:
    """Return the SID of the call, and what the request to `action` has about the <Dial>."""
    bridge_to_charlie(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    asked = receiver.at("/after")
    fields = asked[0].fields if asked else {}
    return sid, {k: v for k, v in fields.items() if k.startswith(("Dial", "Error"))}


@pytest.mark.parametrize(
    ("refusal", "refused"),
    [
        ({}, True),
        ({"caller": ALICE, "called": CHARLIE}, True),
        ({"caller": "GB", "called": "GB"}, True),
        ({"called": "FR"}, False),
        ({"caller": FRENCH}, False),
    ],
)
def test_refusal_names_numbers_or_countries(
    sandbox: Sandbox, receiver: Receiver, refusal: dict[str, object], refused: bool
) -> None:
    refuse(sandbox, refusal)
    _, dial = play(sandbox, receiver)
    assert dial["DialCallStatus"] == ("failed" if refused else "completed")


def test_refusal_ends_once_the_number_is_registered(sandbox: Sandbox, receiver: Receiver) -> None:
    refuse(sandbox, {"until_registered": True})
    assert play(sandbox, receiver)[1] == {"DialCallStatus": "failed"}
    receiver.received.clear()
    sandbox.twilio.validation_requests.create(phone_number=ALICE)
    sandbox.wait_until_idle()
    assert play(sandbox, receiver)[1]["DialCallStatus"] == "completed"


def test_refused_dial_has_a_leg_and_a_code_if_wanted(sandbox: Sandbox, receiver: Receiver) -> None:
    refuse(sandbox, {}, sid=True, code=True)
    _, dial = play(sandbox, receiver)
    (leg,) = sandbox.get("calls", number=CHARLIE)["calls"]
    assert (dial["DialCallSid"], dial["ErrorCode"]) == (leg["sid"], "13214")
    assert leg["status"] == "failed"
    assert [one.fields["CallStatus"] for one in receiver.at("/child")] == ["failed"]


def test_refused_dial_without_action_ends_with_an_apology(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    refuse(sandbox, {}, action=False)
    sid, dial = play(sandbox, receiver)
    assert dial == {}
    assert receiver.statuses()[-1] == "completed"
    (noted,) = sandbox.twilio.calls(sid).notifications.list()
    assert noted.error_code == "13214"


@pytest.mark.parametrize(
    "behaviour",
    [{"outcome": "no-answer"}, {"outcome": "busy"}, {"talk_seconds": 2}, {"keys_in_code": False}],
    ids=["timed out", "busy", "hung up", "landline"],
)
def test_validation_that_is_not_keyed_in_fails(
    sandbox: Sandbox, receiver: Receiver, behaviour: dict[str, object]
) -> None:
    sandbox.post("numbers", number=CHARLIE, **behaviour)
    sandbox.twilio.validation_requests.create(
        phone_number=CHARLIE, status_callback=f"{receiver.url}/validated"
    )
    sandbox.wait_until_idle()
    assert receiver.at("/validated")[0].fields["VerificationStatus"] == "failed"
    assert sandbox.twilio.outgoing_caller_ids.list() == []


def test_of_two_validations_at_once_one_succeeds(sandbox: Sandbox, receiver: Receiver) -> None:
    with sandbox.slowed():
        for _ in range(2):
            sandbox.twilio.validation_requests.create(
                phone_number=CHARLIE, status_callback=f"{receiver.url}/validated"
            )
    sandbox.wait_until_idle()
    reported = sorted(one.fields["VerificationStatus"] for one in receiver.at("/validated"))
    assert reported == ["failed", "success"]
    assert len(sandbox.twilio.outgoing_caller_ids.list()) == 1
