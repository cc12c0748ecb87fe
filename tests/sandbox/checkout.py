"""Checkout sessions of the sandbox."""

from typing import Any

import stripe

from tests.sandbox.conftest import WEBHOOK_SECRET, Receiver, Sandbox

RETURN_URL = "http://localhost:9/topup?session={CHECKOUT_SESSION_ID}"


CANCEL_URL = "http://localhost:9/topup?left=1"


def session_params(cents: int = 2000, **others: object) -> Any:  # noqa: ANN401 - the SDK's TypedDict
    item = {
        "quantity": 1,
        "price_data": {
            "currency": "usd",
            "unit_amount": cents,
            "product_data": {"name": "Prepaid balance"},
        },
    }
    return {
        "mode": "payment",
        "line_items": [item],
        "success_url": RETURN_URL,
        "cancel_url": CANCEL_URL,
        "client_reference_id": "top_1",
        "metadata": {"topup_id": "top_1"},
        "payment_intent_data": {"metadata": {"topup_id": "top_1"}},
        **others,
    }


def create(sandbox: Sandbox, cents: int = 2000, **others: object) -> stripe.checkout.Session:
    return sandbox.stripe.v1.checkout.sessions.create(session_params(cents, **others))


def events(sandbox: Sandbox, receiver: Receiver) -> list[stripe.Event]:
    """Return the events that arrived, each with a signature that the SDK accepts."""
    return [
        sandbox.stripe.construct_event(one.body, one.headers["Stripe-Signature"], WEBHOOK_SECRET)
        for one in receiver.at("/webhooks/stripe")
    ]


def kinds(sandbox: Sandbox, receiver: Receiver) -> set[str]:
    sandbox.wait_until_idle()
    return {event.type for event in events(sandbox, receiver)}


def pay(sandbox: Sandbox, cents: int = 2000) -> str:
    """A paid session's payment intent."""
    session = create(sandbox, cents)
    return str(sandbox.post(f"stripe/sessions/{session.id}/pay")["payment_intent"])


def refund(sandbox: Sandbox, intent: str, cents: int) -> stripe.Refund:
    return sandbox.stripe.v1.refunds.create({"payment_intent": intent, "amount": cents})
