"""Webhooks that are lost, repeated, late, out of order, or answered with an error."""

import itertools
import time

import pytest
import stripe
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped] # no types

from tests.sandbox.calls import EVENTS, bridge_to_charlie, call_alice
from tests.sandbox.checkout import create
from tests.sandbox.conftest import (
    ALICE,
    AUTH_TOKEN,
    OUR_NUMBER,
    WEBHOOK_SECRET,
    Received,
    Receiver,
    Sandbox,
    wait_for,
)

SEEN = ["initiated", "ringing", "in-progress", "completed"]


def call_briefly(sandbox: Sandbox, url: str) -> None:
    """Alice's phone rings and is hung up: four status callbacks, nothing else."""
    sandbox.twilio.calls.create(
        to=ALICE,
        from_=OUR_NUMBER,
        twiml="<Response><Pause/></Response>",
        status_callback=url,
        status_callback_event=EVENTS,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_held_webhooks_leave_in_any_order(
    sandbox: Sandbox, receiver: Receiver, order: tuple[int, ...]
) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:call.*", action="hold")
    call_briefly(sandbox, f"{receiver.url}/status")
    wait_for(lambda: len(sandbox.get("webhooks")["held"]) == 4)
    assert receiver.statuses() == []
    sandbox.post("webhooks/release", order=list(order))
    assert receiver.statuses() == [SEEN[position] for position in order]


def test_held_webhooks_leave_in_reverse(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:call.*", action="hold")
    call_briefly(sandbox, f"{receiver.url}/status")
    wait_for(lambda: len(sandbox.get("webhooks")["held"]) == 4)
    sandbox.post("webhooks/release", order="reverse")
    assert receiver.statuses() == SEEN[::-1]
    assert [one.fields["SequenceNumber"] for one in receiver.at("/status")] == list("3210")


def test_dropped_webhook_never_leaves(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:call.completed", action="drop")
    call_briefly(sandbox, f"{receiver.url}/status")
    sandbox.wait_until_idle()
    assert sorted(receiver.statuses()) == sorted(SEEN[:3])
    lost = sandbox.get("webhooks", kind="twilio:call.completed")["webhooks"][0]
    assert (lost["state"], lost["attempts"]) == ("dropped", [])


def test_duplicated_webhook_arrives_twice(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("webhooks/rules", pattern="*.answered", action="duplicate", times=1)
    for _ in range(2):
        call_briefly(sandbox, f"{receiver.url}/status")
    sandbox.wait_until_idle()
    assert receiver.statuses().count("in-progress") == 3


def test_delayed_webhook_arrives_last(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post(
        "webhooks/rules", pattern="twilio:call.initiated", action="delay", delay_seconds=30
    )
    call_briefly(sandbox, f"{receiver.url}/status")
    wait_for(lambda: len(receiver.statuses()) == 4)
    assert receiver.statuses()[-1] == "initiated"


def test_resent_webhook_is_the_same_request(sandbox: Sandbox, receiver: Receiver) -> None:
    call_briefly(sandbox, f"{receiver.url}/status")
    sandbox.wait_until_idle()
    sent = sandbox.get("webhooks", kind="twilio:call.completed")["webhooks"][0]
    again = sandbox.post(f"webhooks/{sent['id']}/resend")
    assert [attempt["status"] for attempt in again["attempts"]] == [200, 200]
    first, second = (one for one in receiver.at("/status") if b"completed" in one.body)
    token = "I-Twilio-Idempotency-Token"
    assert (first.body, first.headers[token]) == (second.body, second.headers[token])


def test_twilio_retries_an_error_only_if_the_url_says_so(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.answers["/status"] = receiver.answers["/retried"] = (503, "")
    call_briefly(sandbox, f"{receiver.url}/status")
    call_briefly(sandbox, f"{receiver.url}/retried#rc=2&rp=5xx")
    sandbox.wait_until_idle()
    assert len(receiver.at("/status")) == 4
    assert len(receiver.at("/retried")) == 12


def test_stripe_retries_until_it_is_answered(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/webhooks/stripe"] = (500, "")
    session = create(sandbox)
    sandbox.stripe.v1.checkout.sessions.expire(session.id)
    wait_for(lambda: len(receiver.at("/webhooks/stripe")) >= 2)
    receiver.answers["/webhooks/stripe"] = (200, "")
    sandbox.wait_until_idle()
    record = sandbox.get("webhooks")["webhooks"][0]
    assert (record["kind"], record["state"]) == ("stripe:checkout.session.expired", "delivered")
    *failed, last = (attempt["status"] for attempt in record["attempts"])
    assert (set(failed), last) == ({500}, 200)
    assert len(failed) >= 2


@pytest.mark.parametrize(
    "tampering",
    ["wrong_signature", "no_signature", "old_signature", "future_signature", "broken_body"],
)
def test_tampered_event_is_followed_by_the_genuine_one(
    sandbox: Sandbox, receiver: Receiver, tampering: str
) -> None:
    receiver.answers["/webhooks/stripe"] = (400, "")
    sandbox.post("webhooks/rules", pattern="stripe:*", action=tampering, times=1)
    sandbox.stripe.v1.checkout.sessions.expire(create(sandbox).id)
    wait_for(lambda: len(receiver.at("/webhooks/stripe")) >= 2)
    first, second = receiver.at("/webhooks/stripe")[:2]
    assert not is_current(sandbox, first)
    assert is_current(sandbox, second)


def is_current(sandbox: Sandbox, one: Received) -> bool:
    """Whether a careful receiver takes it: signed, readable, of this time in both directions."""
    header = one.headers.get("Stripe-Signature", "")
    try:
        sandbox.stripe.construct_event(one.body, header, WEBHOOK_SECRET)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return abs(int(header[2:].split(",")[0]) - time.time()) < 300


def test_twilio_requests_can_be_tampered_with(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:*", action="wrong_signature", times=1)
    call_briefly(sandbox, f"{receiver.url}/status")
    sandbox.wait_until_idle()
    validator = RequestValidator(AUTH_TOKEN)
    valid = [
        validator.validate(receiver.url + one.path, one.fields, one.headers["X-Twilio-Signature"])
        for one in receiver.at("/status")
    ]
    assert sorted(valid) == [False, True, True, True]


def test_product_that_is_down_ends_the_call(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:twiml", action="drop")
    bridge_to_charlie(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert sandbox.twilio.calls(sid).fetch().status == "completed"
    assert sandbox.get("troubles")["troubles"][0]["error_code"] == "11205"
