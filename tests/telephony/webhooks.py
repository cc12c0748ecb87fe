"""Webhooks as Twilio sends them."""

from collections.abc import Callable

import requests
from twilio.request_validator import (  # type: ignore[import-untyped]  # the SDK has no types
    RequestValidator,
)

from telephony.pricing import CallPrice, Price

Report = Callable[..., str]
# What the deck of these tests asks for a British mobile (leg A) and a British landline (leg B).
PRICE = CallPrice(
    Price(30_000, 30, 6), Price(12_000, 60, 60), ring_seconds=45, dials=2, asks_for_key=True
)


def send(path: str, fields: dict[str, str], *, base: str, token: str) -> requests.Response:
    """Send a webhook, signed with the token as Twilio signs it."""
    url = f"{base}{path}"
    signature = RequestValidator(token).compute_signature(url, fields)
    headers = {"X-Twilio-Signature": signature}
    return requests.post(url, data=fields, headers=headers, timeout=10)
