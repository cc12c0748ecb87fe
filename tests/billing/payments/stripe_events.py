"""Events as Stripe signs them, about a payment that no Stripe knows."""

import json
import time
from typing import Any

import stripe
from django.conf import settings
from django.test import Client

from billing.models import TopUp

URL = "/webhooks/stripe"


def paid(topup: TopUp, **changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 2_000,
        "currency": "usd",
        "metadata": {"topup_id": topup.public_id},
        "payment_intent": "pi_1",
        "url": None,
        **changes,
    }


def event(
    data: dict[str, Any],
    kind: str = "checkout.session.completed",
    id: str = "evt_1",
    *,
    livemode: object = False,
) -> str:
    return json.dumps(
        {
            "id": id,
            "object": "event",
            "type": kind,
            "livemode": livemode,
            "created": int(time.time()),
            "data": {"object": data},
        }
    )


def send(body: str, *, secret: str = settings.STRIPE_WEBHOOK_SECRET, seconds_later: int = 0) -> int:
    now = int(time.time()) + seconds_later
    header = stripe.WebhookSignature.generate_signature_header(body, secret, now)
    headers = {"stripe-signature": header}
    answer = Client().post(URL, body, content_type="application/json", headers=headers)
    return answer.status_code
