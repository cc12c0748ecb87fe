"""A voice that asks for a key, and phones that press one or none."""

import pytest

from tests.sandbox.calls import call_alice
from tests.sandbox.conftest import ALICE, Receiver, Sandbox, wait_for


def ask(
    receiver: Receiver,
    *,
    attributes: str = 'numDigits="1"',
    timeout_seconds: int = 5,
    action: str = "/key",
) -> None:
    receiver.answers["/twiml"] = (
        200,
        f'<Response><Gather action="{action}" timeout="{timeout_seconds}" {attributes}>'
        "<Say>one two three four five</Say></Gather><Pause length='20'/></Response>",
    )
    receiver.answers["/key"] = (200, "<Response/>")


def test_key_is_sent_signed_to_the_action(sandbox: Sandbox, receiver: Receiver) -> None:
    ask(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    (asked,) = receiver.at("/key")
    assert (asked.fields["Digits"], asked.fields["CallStatus"]) == ("1", "in-progress")
    assert asked.headers["X-Twilio-Signature"]
    # The key was pressed after a second and stopped the voice.
    assert sandbox.twilio.calls(sid).fetch().duration == "2"


def test_without_a_key_the_next_verb_follows(sandbox: Sandbox, receiver: Receiver) -> None:
    ask(receiver)
    sandbox.post("numbers", number=ALICE, keys="")
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert receiver.at("/key") == []
    # Two seconds of speech, five of silence and twenty of pause, and a request of milliseconds.
    assert sandbox.twilio.calls(sid).fetch().duration == "28"


@pytest.mark.parametrize("phone", [{"keys": ""}, {"outcome": "voicemail"}])
def test_silence_is_sent_if_wanted(
    sandbox: Sandbox, receiver: Receiver, phone: dict[str, str]
) -> None:
    ask(receiver, attributes='numDigits="1" actionOnEmptyResult="true"')
    sandbox.post("numbers", number=ALICE, **phone)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert [one.fields["Digits"] for one in receiver.at("/key")] == [""]


def test_key_too_late_is_not_heard(sandbox: Sandbox, receiver: Receiver) -> None:
    ask(receiver)
    sandbox.post("numbers", number=ALICE, key_after_seconds=8)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert receiver.at("/key") == []


def test_one_key_is_pressed_at_each_question(sandbox: Sandbox, receiver: Receiver) -> None:
    ask(receiver)
    receiver.answers["/key"] = receiver.answers["/twiml"]
    sandbox.post("numbers", number=ALICE, keys="52")
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert [one.fields["Digits"] for one in receiver.at("/key")] == ["5", "2"]


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="1" finishOnKey=""', "#", "#"),
        ('numDigits="1"', "#", None),  # it ends the question without a digit
        ("", "12", "1"),  # the second key would come with a second question
    ],
)
def test_question_ends_with_its_key_its_count_or_in_time(
    sandbox: Sandbox, receiver: Receiver, attributes: str, keys: str, digits: str | None
) -> None:
    ask(receiver, attributes=attributes)
    sandbox.post("numbers", number=ALICE, keys=keys)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert [one.fields["Digits"] for one in receiver.at("/key")] == ([digits] if digits else [])


@pytest.mark.parametrize(
    ("fragment", "attempts"), [("", 1), ("#rc=3&amp;rp=5xx", 4), ("#rc=5&amp;rp=ct", 1)]
)
def test_key_is_sent_again_as_its_address_says(
    sandbox: Sandbox, receiver: Receiver, fragment: str, attempts: int
) -> None:
    ask(receiver, action=f"/key?question=2{fragment}")
    receiver.answers["/key"] = (503, "")
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    sent = receiver.at("/key")
    assert [one.fields["Digits"] for one in sent] == ["1"] * attempts
    # The voice that apologises for us speaks after the last attempt, a second after each other.
    assert int(sandbox.twilio.calls(sid).fetch().duration or 0) == 5 + attempts
    assert [one.error_code for one in sandbox.twilio.calls(sid).notifications.list()] == ["11200"]


def test_person_presses_the_key_by_hand(sandbox: Sandbox, receiver: Receiver) -> None:
    ask(receiver, timeout_seconds=600)
    sandbox.post("speed", speed=1)
    sandbox.post("numbers", number=ALICE, keys="", answer_after_seconds=0)
    sid = call_alice(sandbox, receiver)
    wait_for(lambda: sandbox.get("calls", number=ALICE)["calls"][0]["takes_keys"])
    sandbox.post(f"calls/{sid}/press-7")
    assert wait_for(lambda: receiver.at("/key"))[0].fields["Digits"] == "7"
