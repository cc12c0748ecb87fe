"""One request from a provider to the product: its content, its signature, its attempts."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.ids import stripe_id

TAMPERINGS = (
    "wrong_signature",
    "no_signature",
    "old_signature",
    "future_signature",
    "broken_body",
)
SHIFT_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    at: str
    seconds: float
    status: int | None = None
    error: str | None = None
    text: str = ""
    tampered: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(kw_only=True)
class Webhook:
    """`sign` makes the headers for a body at a time: Stripe signs both, Twilio neither."""

    kind: str
    url: str
    body: bytes
    content_type: str
    sign: Callable[[bytes, float], dict[str, str]]
    method: str = "POST"
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    retry_delays: tuple[float, ...] = ()
    total_seconds: float = math.inf  # after which no attempt is made again
    should_retry: Callable[[Attempt], bool] = lambda attempt: not attempt.succeeded
    id: str = field(default_factory=lambda: stripe_id("wh", 16))
    state: str = "queued"
    attempts: list[Attempt] = field(default_factory=list)
    waited_seconds: float = 0.0  # between the attempts

    @property
    def spent_seconds(self) -> float:
        return self.waited_seconds + sum(attempt.seconds for attempt in self.attempts)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "method": self.method,
            "url": self.url,
            "body": self.body.decode(),
            "state": self.state,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


def signed_request(webhook: Webhook, tampering: str | None) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers to send, true ones or tampered with."""
    body, now = webhook.body, time.time()
    if tampering == "broken_body":
        body = body[: len(body) // 2]
    shift = {"old_signature": -SHIFT_SECONDS, "future_signature": SHIFT_SECONDS}
    # The true time, whatever the sandbox's clock says: receivers compare it with theirs.
    headers = webhook.sign(body, now + shift.get(tampering or "", 0.0))
    signatures = [name for name in headers if "Signature" in name]
    if tampering == "no_signature":
        headers = {name: value for name, value in headers.items() if name not in signatures}
    elif tampering == "wrong_signature":
        headers = headers | {name: headers[name][:-6] + "AAAAA=" for name in signatures}
    return body, headers
