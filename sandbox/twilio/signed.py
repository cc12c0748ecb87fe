"""Requests from Twilio to the product, signed as Twilio signs them.

https://www.twilio.com/docs/usage/webhooks/webhooks-security and, for what may follow a # in a URL,
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit, urlunsplit

from sandbox.twilio.answers import whole_number
from sandbox.webhooks import Attempt, Webhook

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
RETRY_SECONDS = 1.0


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The fragment of a URL never takes part."""
    text = urldefrag(url).url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """`#rc=2&rp=ct,5xx&ct=2000&rt=5000&tt=9000`: retries, what calls for one, time-outs in ms.

    The last is the time for all attempts together. The time between two is not documented.
    """

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0

    @classmethod
    def of(cls, url: str) -> "Overrides":
        given = dict(parse_qsl(urlsplit(url).fragment))
        return cls(
            retries=min(whole_number(given.get("rc"), 1), 5),
            policy=frozenset(given.get("rp", "ct").split(",")),
            connect_seconds=whole_number(given.get("ct"), 5000) / 1000,
            read_seconds=whole_number(given.get("rt"), 15_000) / 1000,
            total_seconds=min(whole_number(given.get("tt"), 15_000), 15_000) / 1000,
        )

    def wants_retry(self, attempt: Attempt) -> bool:
        return not attempt.succeeded and bool({"all", failure_class(attempt)} & self.policy)


def failure_class(attempt: Attempt) -> str:
    """ct: no connection; rt: connected, but no answer in time; else 4xx or 5xx."""
    if attempt.status is not None:
        return f"{attempt.status // 100}xx"
    return "rt" if attempt.error in ("ReadTimeout", "WriteTimeout") else "ct"


def twilio_webhook(
    *, kind: str, url: str, method: str, fields: Mapping[str, str], auth_token: str
) -> Webhook:
    overrides = Overrides.of(url)
    if method == "GET":
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, urlencode(fields))))
        url, signed, body = urlunsplit(parts._replace(query=query)), {}, b""
    else:
        signed, body = dict(fields), urlencode(fields).encode()
    headers = {
        "X-Twilio-Signature": signature(auth_token, url, signed),
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
    }
    return Webhook(
        kind=f"twilio:{kind}",
        url=url,
        method=method,
        body=body,
        content_type=FORM,
        sign=lambda _body, _at: headers,
        connect_seconds=overrides.connect_seconds,
        read_seconds=overrides.read_seconds,
        retry_delays=(RETRY_SECONDS,) * overrides.retries,
        total_seconds=overrides.total_seconds,
        should_retry=overrides.wants_retry,
    )
