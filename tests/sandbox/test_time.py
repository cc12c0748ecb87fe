"""Speed, the clock, and many calls at once."""

import concurrent.futures
import time

import pytest
import requests

from tests.sandbox.calls import EVENTS, bridge_to_charlie, call_alice
from tests.sandbox.checkout import create
from tests.sandbox.conftest import (
    ACCOUNT_SID,
    ALICE,
    AUTH_TOKEN,
    CHARLIE,
    OUR_NUMBER,
    Receiver,
    Sandbox,
    wait_for,
)

MANY = 200


def test_call_of_sixty_five_seconds_ends_sooner_at_a_higher_speed(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("speed", speed=500)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=65)
    started = time.monotonic()
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert time.monotonic() - started < 65
    assert sandbox.twilio.calls.list(parent_call_sid=sid)[0].duration == "65"


def test_call_shows_its_own_times(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    call = sandbox.twilio.calls(sid).fetch()
    seconds = (call.end_time - call.start_time).total_seconds()
    assert abs(seconds - int(call.duration)) <= 1
    assert call.start_time >= call.date_created


def test_slower_clock_does_not_lose_what_waits(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("speed", speed=0.1)
    call_alice(sandbox, receiver)
    sandbox.post("speed", speed=1000)
    sandbox.wait_until_idle()
    assert "completed" in receiver.statuses()


def test_advancing_plays_what_was_due_in_between(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("speed", speed=0.01)
    sandbox.post("numbers", number=ALICE, outcome="no-answer")
    call_alice(sandbox, receiver)
    sandbox.post("advance", seconds=120)
    wait_for(lambda: "no-answer" in receiver.statuses())


def test_reset_leaves_nothing_under_way(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/webhooks/stripe"] = (500, "")
    sandbox.post("speed", speed=0.01)
    sandbox.stripe.v1.checkout.sessions.expire(create(sandbox).id)
    call_alice(sandbox, receiver)
    wait_for(lambda: receiver.at("/webhooks/stripe"))
    assert not sandbox.get("idle")["idle"]
    sandbox.post("reset")
    wait_for(lambda: sandbox.get("idle")["idle"])
    assert sandbox.get("calls")["calls"] == sandbox.get("webhooks")["webhooks"] == []


@pytest.mark.parametrize("speed", [0, -1, 10_001, "fast", True])
def test_speed_must_be_a_possible_one(sandbox: Sandbox, speed: object) -> None:
    answer = requests.post(f"{sandbox.http}/control/speed", json={"speed": speed}, timeout=10)
    assert answer.status_code == 400


def test_many_calls_at_once_all_come_out_right(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sandbox.post("speed", speed=1000)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=65)
    url = f"{sandbox.http}/api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    form = {"To": ALICE, "From": OUR_NUMBER, "Url": f"{receiver.url}/twiml"}
    form |= {"StatusCallback": f"{receiver.url}/status", "StatusCallbackEvent": EVENTS}  # type: ignore[dict-item] # requests repeats the name
    with requests.Session() as session, concurrent.futures.ThreadPoolExecutor(4) as pool:
        session.auth = (ACCOUNT_SID, AUTH_TOKEN)
        made = list(pool.map(lambda _: session.post(url, data=form, timeout=30), range(MANY)))
    wait_for(lambda: sandbox.get("idle")["idle"], seconds=60)
    assert [answer.status_code for answer in made] == [201] * MANY
    calls = sandbox.get("calls", number=CHARLIE)["calls"]
    assert [(one["status"], one["duration"]) for one in calls] == [("completed", "65")] * MANY
    assert len(receiver.at("/status")) == len(receiver.at("/child")) == 4 * MANY
    assert len(receiver.at("/after")) == MANY
