"""Calls: what rings, answers and ends, and what the product hears of it."""

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped] # the SDK has no types

from tests.sandbox.calls import bridge_to_charlie, call_alice
from tests.sandbox.conftest import (
    AUTH_TOKEN,
    CHARLIE,
    Receiver,
    Sandbox,
    wait_for,
)


def test_call_is_bridged_and_reports_both_legs(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=65)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    child = sandbox.twilio.calls.list(parent_call_sid=sid)[0]
    after = receiver.at("/after")[0].fields
    assert (child.status, child.duration, child.direction) == ("completed", "65", "outbound-dial")
    assert sorted(receiver.statuses("/child")) == sorted(
        ["initiated", "ringing", "in-progress", "completed"]
    )
    assert (after["DialCallStatus"], after["DialCallDuration"]) == ("completed", "65")
    assert (after["DialCallSid"], after["DialBridged"]) == (child.sid, "true")
    assert sandbox.twilio.calls(sid).fetch().status == "completed"


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
def test_call_that_no_one_takes_ends_with_its_outcome(
    sandbox: Sandbox, receiver: Receiver, outcome: str
) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, outcome=outcome)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    child = sandbox.twilio.calls.list(parent_call_sid=sid)[0]
    after = receiver.at("/after")[0].fields
    assert (child.status, child.duration, child.price) == (outcome, None, None)
    assert (after["DialCallStatus"], after["DialBridged"]) == (outcome, "false")
    assert "DialCallDuration" not in after


def test_requests_carry_signatures_that_the_sdk_accepts(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    bridge_to_charlie(receiver)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    validator = RequestValidator(AUTH_TOKEN)
    assert len(receiver.received) == 10
    for one in receiver.received:
        url, signature = receiver.url + one.path, one.headers["X-Twilio-Signature"]
        assert validator.validate(url, one.fields, signature)
        assert not validator.validate(url, one.fields | {"CallSid": "CA0"}, signature)


def test_time_limit_of_dial_ends_the_call(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver, attributes='timeLimit="40"')
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert sandbox.twilio.calls.list(parent_call_sid=sid)[0].duration == "40"


def test_caller_id_of_others_is_refused(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/twiml"] = (
        200,
        f'<Response><Dial callerId="+4915112345678" action="/after">{CHARLIE}</Dial></Response>',
    )
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert receiver.at("/after")[0].fields["DialCallStatus"] == "failed"
    assert sandbox.get("troubles")["troubles"][0]["error_code"] == "13214"
    assert sandbox.twilio.calls.list(parent_call_sid=sid) == []


def test_product_hangs_up_a_running_call(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("speed", speed=20)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sid = call_alice(sandbox, receiver)
    wait_for(lambda: "in-progress" in receiver.statuses("/child"))
    sandbox.twilio.calls(sid).update(status="completed")
    sandbox.wait_until_idle()
    assert sandbox.twilio.calls.list(parent_call_sid=sid)[0].status == "completed"
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.calls(sid).update(status="completed")
    assert refused.value.code == 21220


def test_calls_above_the_limit_of_a_second_wait(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("twilio", calls_per_second=1)
    sandbox.post("speed", speed=0.001)
    first, second = (sandbox.twilio.calls(call_alice(sandbox, receiver)).fetch() for _ in range(2))
    assert (first.status, first.queue_time) == ("queued", "0")
    assert 900 < int(second.queue_time) <= 1_000
    sandbox.post("speed", speed=100)
    sandbox.wait_until_idle()
    ringing = [one for one in receiver.at("/status") if one.fields["CallStatus"] == "ringing"]
    assert {one.fields["CallSid"] for one in ringing} == {first.sid, second.sid}
