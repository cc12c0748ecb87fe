"""Acts of the people at the phones, and of the product, on a call under way."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from tests.sandbox.calls import bridge_to_charlie, call_alice, running_call_to
from tests.sandbox.conftest import ALICE, CHARLIE, OUR_NUMBER, Receiver, Sandbox, wait_for

BOB = "+447400654321"


def test_phone_that_is_answered_by_hand(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("numbers", number=ALICE, outcome="manual")
    with sandbox.slowed():
        sid = call_alice(sandbox, receiver)
        assert running_call_to(sandbox, ALICE, "ringing") == sid
        sandbox.post(f"calls/{sid}/answer")
    sandbox.wait_until_idle()
    assert "in-progress" in receiver.statuses()


def test_phone_that_is_declined_is_busy(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("numbers", number=ALICE, outcome="manual")
    with sandbox.slowed():
        sid = call_alice(sandbox, receiver)
        running_call_to(sandbox, ALICE, "ringing")
        sandbox.post(f"calls/{sid}/decline")
    assert sandbox.twilio.calls(sid).fetch().status == "busy"


def test_caller_who_hangs_up_ends_the_other_leg(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sandbox.post("numbers", number=ALICE, talk_seconds=40)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    child = sandbox.twilio.calls.list(parent_call_sid=sid)[0]
    assert (child.status, sandbox.twilio.calls(sid).fetch().duration) == ("completed", "40")
    assert receiver.at("/after")[0].fields["CallStatus"] == "completed"


def test_caller_who_gives_up_cancels_the_other_leg(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, outcome="manual")
    sandbox.post("numbers", number=ALICE, talk_seconds=10)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert "canceled" in receiver.statuses("/child")
    assert receiver.at("/after")[0].fields["DialCallStatus"] == "canceled"


def test_first_of_several_to_answer_is_connected(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/twiml"] = (
        200,
        f'<Response><Dial action="/after"><Number>{BOB}</Number><Number>{CHARLIE}</Number></Dial>'
        "</Response>",
    )
    sandbox.post("numbers", number=BOB, answer_after_seconds=9)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    children = sandbox.twilio.calls.list(parent_call_sid=sid)
    assert {one.to: one.status for one in children} == {BOB: "canceled", CHARLIE: "completed"}


def test_star_ends_the_bridge_but_not_the_call(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver, attributes='hangupOnStar="true"')
    receiver.answers["/after"] = (200, '<Response><Pause length="30"/></Response>')
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sid = call_alice(sandbox, receiver)
    running_call_to(sandbox, CHARLIE, "in-progress")
    with sandbox.slowed():
        sandbox.post(f"calls/{sid}/star")
        wait_for(lambda: receiver.at("/after"))
        assert receiver.at("/after")[0].fields["DialCallStatus"] == "completed"
        assert sandbox.twilio.calls(sid).fetch().status == "in-progress"


def test_document_is_carried_out_in_order(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/twiml"] = (
        200,
        '<Response><Say>one two three four five</Say><Pause length="3"/>'
        "<Hangup/><Pause length='100'/></Response>",
    )
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    # Two seconds of speech and three of silence, and a request of milliseconds.
    assert sandbox.twilio.calls(sid).fetch().duration == "6"


@pytest.mark.parametrize(("document", "code"), [("<html", "12100"), ("<Dial/>", "12100")])
def test_document_that_is_no_twiml_ends_the_call(
    sandbox: Sandbox, receiver: Receiver, document: str, code: str
) -> None:
    receiver.answers["/twiml"] = (200, document)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert sandbox.twilio.calls(sid).fetch().status == "completed"
    assert [one["error_code"] for one in sandbox.get("troubles")["troubles"]] == [code]


def test_product_sends_a_call_elsewhere(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sid = call_alice(sandbox, receiver)
    running_call_to(sandbox, CHARLIE, "in-progress")
    sandbox.twilio.calls(sid).update(twiml="<Response><Say>Goodbye</Say></Response>")
    sandbox.wait_until_idle()
    assert "completed" in receiver.statuses("/child")
    assert receiver.at("/after") == []


def test_product_shortens_a_running_call(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None)
    sid = call_alice(sandbox, receiver)
    running_call_to(sandbox, CHARLIE, "in-progress")
    sandbox.twilio.api.v2010.account.calls(sid).update(time_limit=300)
    sandbox.wait_until_idle()
    assert sandbox.twilio.calls(sid).fetch().duration == "300"


def test_queued_call_is_canceled(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("speed", speed=0.01)
    sid = call_alice(sandbox, receiver)
    assert sandbox.twilio.calls(sid).update(status="canceled").status == "canceled"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "+1"}, 21211),
        ({"from_": CHARLIE}, 21210),
        ({"url": None}, 21205),
        ({"status_callback": "http://bad_host/"}, 21205),
        ({"status_callback_event": ["sneezed"]}, 21626),
        ({"time_limit": 0}, 21218),
    ],
)
def test_wrong_calls_are_refused(
    sandbox: Sandbox, receiver: Receiver, change: dict[str, object], code: int
) -> None:
    right = {"to": ALICE, "from_": OUR_NUMBER, "url": f"{receiver.url}/twiml"}
    right["status_callback"] = f"{receiver.url}/status"
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.calls.create(**{**right, **change})
    assert (refused.value.status, refused.value.code) == (400, code)


def test_closed_country_is_refused(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("twilio", closed_countries=["GB"])
    with pytest.raises(TwilioRestException) as refused:
        call_alice(sandbox, receiver)
    assert refused.value.code == 21215
    permission = sandbox.twilio.voice.v1.dialing_permissions.countries("GB").fetch()
    assert permission.low_risk_numbers_enabled is False


def test_price_comes_after_the_call(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=61)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=21)
    child = wait_for(lambda: sandbox.twilio.calls.list(parent_call_sid=sid)[0])
    # Two started minutes to a landline in Britain, by the sandbox's own list.
    assert (child.price, child.price_unit) == ("-0.03160", "USD")


def test_calls_are_listed_by_number_time_and_page(sandbox: Sandbox, receiver: Receiver) -> None:
    for _ in range(5):
        call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    calls = sandbox.twilio.calls
    first = calls.list(to=ALICE, page_size=2)
    assert len(first) == 5
    assert calls.list(to=CHARLIE) == []
    assert len(calls.list(from_=OUR_NUMBER, status="completed")) == 5
    since = min(one.start_time for one in first)
    assert len(calls.list(start_time_after=since)) == 5
    assert calls.list(start_time_before=since.replace(year=2020)) == []


def test_stranger_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.http}/api.twilio.com/2010-04-01/Accounts/AC0/Calls.json"
    answer = requests.get(url, auth=("AC0", "wrong"), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
