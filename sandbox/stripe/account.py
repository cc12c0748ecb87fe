"""The account itself and its webhook endpoints, so that a configuration can be checked.

https://docs.stripe.com/api/accounts, https://docs.stripe.com/api/webhook_endpoints
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.settings import Settings
from sandbox.stripe.answers import Resource, list_answer, read_params, stripe_answer


class StripeAccount:
    """`changes` and `endpoint_changes` replace fields of the honest answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        self.changes: dict[str, Any] = {}
        self.endpoint_changes: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/account", self.retrieve, methods=["GET"]),
            Route("/webhook_endpoints", self.list_endpoints, methods=["GET"]),
        ]

    async def retrieve(self, _request: Request) -> Response:
        account: Resource = {
            "id": "acct_1SandboxAccount00",
            "object": "account",
            "charges_enabled": True,
            "country": "US",
            "default_currency": "usd",
            "details_submitted": True,
            "payouts_enabled": True,
            "type": "standard",
        }
        return stripe_answer({**account, **self.changes})

    async def list_endpoints(self, request: Request) -> Response:
        endpoint: Resource = {
            "id": "we_1SandboxEndpoint00",
            "object": "webhook_endpoint",
            "api_version": None,
            "created": 1_764_000_000,
            "enabled_events": ["*"],
            "livemode": self._settings.stripe_livemode,
            "status": "enabled",
            "url": f"{self._settings.web_url}/webhooks/stripe",
        }
        rows = [{**endpoint, **self.endpoint_changes}]
        return list_answer(await read_params(request), "/v1/webhook_endpoints", rows)
