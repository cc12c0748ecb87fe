"""Faults of the providers' answers, as the official SDKs meet them."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import requests
import stripe
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from tests.sandbox.checkout import create, session_params
from tests.sandbox.conftest import ALICE, OUR_NUMBER, Sandbox, wait_for

TWIML = "<Response/>"


def place(sandbox: Sandbox) -> Any:  # noqa: ANN401 - the SDK has no types
    return sandbox.twilio.calls.create(to=ALICE, from_=OUR_NUMBER, twiml=TWIML)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", TwilioRestException),
        ("500", TwilioRestException),
        ("close", requests.ConnectionError),
        ("malformed", ValueError),
        ("html", ValueError),
    ],
)
def test_fault_before_the_work_does_nothing(
    sandbox: Sandbox, kind: str, error: type[Exception]
) -> None:
    sandbox.post("faults", kind=kind, provider="twilio")
    with pytest.raises(error):
        place(sandbox)
    assert sandbox.get("calls")["calls"] == []
    assert place(sandbox).status == "queued"


@pytest.mark.parametrize("kind", ["500", "close", "malformed"])
def test_fault_after_the_work_leaves_a_call(sandbox: Sandbox, kind: str) -> None:
    sandbox.post("faults", kind=kind, path="*/Calls.json", method="POST", when="after")
    with pytest.raises((TwilioRestException, requests.ConnectionError, ValueError)):
        place(sandbox)
    assert len(sandbox.twilio.calls.list(to=ALICE)) == 1


def test_empty_answer_is_an_instance_of_nothing(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="empty", provider="twilio", when="after")
    assert place(sandbox).sid is None


def test_hanging_answer_outlasts_the_client(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="timeout", provider="twilio", when="after")
    url = f"{sandbox.http}/api.twilio.com/2010-04-01/Accounts/AC0.json"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=0.3)


def test_session_made_before_the_answer_was_lost_is_found_again(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="close", provider="stripe", when="after")
    options = cast(Any, {"idempotency_key": "topup:1"})
    made = sandbox.stripe.v1.checkout.sessions.create(session_params(), options)
    assert [one.id for one in sandbox.stripe.v1.checkout.sessions.list().data] == [made.id]


def test_faults_last_as_long_as_they_were_set(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="429", provider="stripe", times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            create(sandbox)
    assert create(sandbox).status == "open"
    sandbox.post("faults", kind="429", provider="stripe", times=None)
    requests.delete(f"{sandbox.http}/control/faults", timeout=10)
    assert create(sandbox).status == "open"


def test_fault_with_a_share_strikes_some_requests_only(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="429", provider="twilio", times=None, share=0.5)
    outcomes = []
    for _ in range(40):
        try:
            outcomes.append(place(sandbox).status)
        except TwilioRestException as error:
            outcomes.append(error.status)
    assert set(outcomes) == {"queued", 429}


def test_exchanges_show_what_was_asked_and_answered(sandbox: Sandbox) -> None:
    place(sandbox)
    exchange = sandbox.get("exchanges", provider="twilio")["exchanges"][0]
    assert (exchange["method"], exchange["status"]) == ("POST", 201)
    assert "To=%2B447400123456" in exchange["body"]
    assert "Authorization" not in str(exchange)


def test_slow_answer_is_honest(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="slow", provider="twilio", seconds=0.3)
    started = time.monotonic()
    assert place(sandbox).status == "queued"
    assert time.monotonic() - started >= 0.3


def test_slow_answer_is_sent_once_the_faults_are_cleared(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="slow", provider="twilio", seconds=3600)
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(place, sandbox)
        wait_for(lambda: sandbox.get("calls")["calls"])
        assert not placing.done()
        requests.delete(f"{sandbox.http}/control/faults", timeout=10)
        assert placing.result().status == "queued"


def test_altered_answer_is_honest_but_for_its_fields(sandbox: Sandbox) -> None:
    sandbox.post("faults", kind="altered", provider="twilio", fields={"status": None})
    placed = place(sandbox)
    assert (placed.to, placed.status) == (ALICE, None)
