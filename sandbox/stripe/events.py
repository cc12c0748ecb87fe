"""Events, and the signed webhooks that carry them. https://docs.stripe.com/webhooks"""

import copy
import hashlib
import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.ids import stripe_id
from sandbox.settings import Settings
from sandbox.stripe.answers import (
    API_VERSION,
    Resource,
    list_answer,
    missing,
    read_params,
    stripe_answer,
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
        self._events: dict[str, Resource] = {}

    def reset(self) -> None:
        self._events.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/events", self.list_all, methods=["GET"]),
            Route("/events/{id}", self.retrieve, methods=["GET"]),
        ]

    def emit(
        self, kind: str, resource: Resource, *, previous: dict[str, Any] | None = None
    ) -> Resource:
        """Record what happened, as it stands now, and tell the product."""
        data: Resource = {"object": copy.deepcopy(resource)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Resource = {
            "id": stripe_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self._clock.timestamp(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self._events[event["id"]] = event
        self._courier.send(self._webhook(event))
        return event

    def _webhook(self, event: Resource) -> Webhook:
        secret = self._settings.stripe_webhook_secret

        def sign(body: bytes, at: float) -> dict[str, str]:
            return {"Stripe-Signature": stripe_signature(secret, body, int(at))}

        return Webhook(
            kind=f"stripe:{event['type']}",
            url=f"{self._settings.web_url}/webhooks/stripe",
            body=json.dumps(event, indent=2).encode(),
            content_type="application/json; charset=utf-8",
            sign=sign,
            retry_delays=RETRY_DELAYS,
        )

    async def list_all(self, request: Request) -> Response:
        params = await read_params(request)
        wanted = params.get("types") or ([params["type"]] if "type" in params else None)
        rows = [
            event
            for event in reversed(self._events.values())
            if wanted is None or event["type"] in wanted
        ]
        return list_answer(params, "/v1/events", rows)

    async def retrieve(self, request: Request) -> Response:
        id = request.path_params["id"]
        if id not in self._events:
            raise missing("event", id)
        return stripe_answer(self._events[id])
