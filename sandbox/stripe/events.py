"""Events, and the signed webhooks that carry them. https://docs.stripe.com/webhooks"""

import copy
import hashlib
import hmac
import json
from typing import Any

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.ids import stripe_id
from sandbox.settings import Settings
from sandbox.stripe.answers import (
    API_VERSION,
    Resource,
)
from sandbox.webhooks import Webhook

RETRY_DELAYS = (10.0, 60.0, 600.0, 3600.0)


def stripe_signature(secret: str, body: bytes, timestamp: int) -> str:
    """https://docs.stripe.com/webhooks#verify-manually"""
    signed = f"{timestamp}.".encode() + body
    return f"t={timestamp},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class Events:
    def __init__(self, settings: Settings, clock: Clock, courier: Courier) -> None:
        self._settings = settings
        self._clock = clock
        self._courier = courier
        self.livemode = settings.stripe_livemode  # of every object that the key makes
        self.reset()

    def reset(self) -> None:
        self.event_livemode = self.livemode

    def emit(
        self, kind: str, resource: Resource, *, previous: dict[str, Any] | None = None
    ) -> None:
        """Send the product an event with the resource as it stands now."""
        data: Resource = {"object": copy.deepcopy(resource)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Resource = {
            "id": stripe_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self._clock.timestamp(),
            "data": data,
            "livemode": self.event_livemode,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        secret = self._settings.stripe_webhook_secret

        def sign(body: bytes, at: float) -> dict[str, str]:
            return {"Stripe-Signature": stripe_signature(secret, body, int(at))}

        self._courier.send(
            Webhook(
                kind=f"stripe:{kind}",
                url=f"{self._settings.web_url}/webhooks/stripe",
                body=json.dumps(event, indent=2).encode(),
                content_type="application/json; charset=utf-8",
                sign=sign,
                retry_delays=RETRY_DELAYS,
            )
        )
