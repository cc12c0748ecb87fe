"""Checkout: sessions as the API makes them, and what a person does on the page."""

from typing import Any, cast

import pytest
import requests
import stripe

from tests.sandbox.checkout import CANCEL_URL, RETURN_URL, create, events, kinds, session_params
from tests.sandbox.conftest import Receiver, Sandbox, wait_for


def press(session: stripe.checkout.Session, action: str) -> requests.Response:
    return requests.post(
        cast(str, session.url), data={"action": action}, allow_redirects=False, timeout=10
    )


def test_paying_completes_the_session_and_shows_the_product(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    session = create(sandbox)
    answer = press(session, "pay")
    assert answer.headers["Location"] == RETURN_URL.format(CHECKOUT_SESSION_ID=session.id)
    assert kinds(sandbox, receiver) == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    paid = sandbox.stripe.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    intent = cast(stripe.PaymentIntent, paid.payment_intent)
    charge = cast(stripe.Charge, intent.latest_charge)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (intent.amount_received, charge.amount) == (2000, 2000)
    assert intent.metadata.to_dict() == {"topup_id": "top_1"}


def test_leaving_changes_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    session = create(sandbox)
    assert press(session, "leave").headers["Location"] == CANCEL_URL
    found = sandbox.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.payment_intent) == ("open", None)
    assert kinds(sandbox, receiver) == set()


def test_declined_card_leaves_the_session_open(sandbox: Sandbox, receiver: Receiver) -> None:
    session = create(sandbox)
    assert "declined" in press(session, "decline").text
    assert "payment_intent.payment_failed" in kinds(sandbox, receiver)
    press(session, "pay")
    found = sandbox.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.payment_status) == ("complete", "paid")


def test_three_d_secure_asks_once_more(sandbox: Sandbox, receiver: Receiver) -> None:
    card = {"card": {"request_three_d_secure": "any"}}
    session = create(sandbox, payment_method_options=card)
    page = press(session, "pay")
    assert "is this you?" in page.text
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert press(session, "authenticated").status_code == 303
    charge = sandbox.stripe.v1.charges.list().data[0]
    details = cast(Any, charge.payment_method_details)
    assert details.card.three_d_secure.result == "authenticated"


@pytest.mark.parametrize(
    ("action", "event", "status"),
    [("succeed", "async_payment_succeeded", "paid"), ("fail", "async_payment_failed", "unpaid")],
)
def test_payment_that_settles_later(
    sandbox: Sandbox, receiver: Receiver, action: str, event: str, status: str
) -> None:
    session = create(sandbox)
    press(session, "pay_later")
    sandbox.wait_until_idle()
    arrived = {event.type: event.data.object for event in events(sandbox, receiver)}
    assert arrived["checkout.session.completed"].payment_status == "unpaid"
    sandbox.post(f"stripe/sessions/{session.id}/{action}")
    assert f"checkout.session.{event}" in kinds(sandbox, receiver)
    found = sandbox.stripe.v1.checkout.sessions.retrieve(session.id)
    assert found.payment_status == status


def test_session_offers_only_the_methods_that_the_product_allows(sandbox: Sandbox) -> None:
    card_only = create(sandbox, allowed_payment_method_types=["card"])
    assert card_only.payment_method_types == ["card"]
    assert press(card_only, "pay_later").status_code == 409
    sandbox.post("stripe/account", payment_methods=["us_bank_account"])
    with pytest.raises(stripe.InvalidRequestError, match="No valid payment method"):
        create(sandbox, allowed_payment_method_types=["card"])


def test_key_without_a_right_is_refused(sandbox: Sandbox) -> None:
    sandbox.post("stripe/account", lacking_rights=["GET /v1/disputes"])
    with pytest.raises(stripe.PermissionError):
        sandbox.stripe.v1.disputes.list()
    assert sandbox.stripe.v1.charges.list().data == []


@pytest.mark.parametrize("mode", ["setup", "subscription"])
def test_session_of_another_product_reaches_the_endpoint(
    sandbox: Sandbox, receiver: Receiver, mode: str
) -> None:
    sandbox.post("stripe/sessions", mode=mode)
    sandbox.wait_until_idle()
    [event] = events(sandbox, receiver)
    assert (event.data.object.mode, event.data.object.amount_total) == (
        mode,
        None if mode == "setup" else 900,
    )


def test_page_expires_by_request_and_by_time(sandbox: Sandbox, receiver: Receiver) -> None:
    early, late = create(sandbox), create(sandbox)
    assert sandbox.stripe.v1.checkout.sessions.expire(early.id).status == "expired"
    sandbox.post("advance", seconds=24 * 3600 + 1)
    wait_for(lambda: len(receiver.at("/webhooks/stripe")) == 2)
    assert kinds(sandbox, receiver) == {"checkout.session.expired"}
    assert sandbox.stripe.v1.checkout.sessions.retrieve(late.id).status == "expired"
    assert press(early, "pay").status_code == 409


@pytest.mark.parametrize(
    ("others", "code", "param"),
    [
        ({"nonsense": "1"}, "parameter_unknown", "nonsense"),
        ({"payment_intent_data": {"x": "1"}}, "parameter_unknown", "payment_intent_data[x]"),
        ({"line_items": []}, "parameter_missing", "line_items"),
        ({"success_url": "ftp://x"}, "url_invalid", "success_url"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"cents": 49}, "amount_too_small", None),
        ({"cents": 100_000_000}, "amount_too_large", None),
    ],
)
def test_wrong_sessions_are_refused(
    sandbox: Sandbox, others: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(sandbox, **others)
    assert (refused.value.code, refused.value.param) == (code, param)


def test_key_gives_the_same_session_and_refuses_another(sandbox: Sandbox) -> None:
    sessions, options = sandbox.stripe.v1.checkout.sessions, {"idempotency_key": "topup:1"}
    first = sessions.create(session_params(), cast(Any, options))
    again = sessions.create(session_params(), cast(Any, options))
    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        sessions.create(session_params(2500), cast(Any, options))
    sandbox.post("advance", seconds=24 * 3600 + 1)
    assert sessions.create(session_params(2500), cast(Any, options)).id != first.id


def test_wrong_key_is_refused(sandbox: Sandbox) -> None:
    bases: Any = {"api": sandbox.http}
    stranger = stripe.StripeClient("sk_test_other", base_addresses=bases)
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.checkout.sessions.list()
