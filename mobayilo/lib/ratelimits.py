"""Limits of requests: one table, one DRF throttle, one decorator for pages.

Counting is django-ratelimit's. What it lacks is here: a `Retry-After`, a decision per limit of what
happens when the counters cannot be reached, and limits that each process counts on its own, since
three round trips to Redis would cost more than the read that they count.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Literal, Protocol, TypeVar, cast

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from mobayilo.lib.client_ip import client_ip, rate_limit_network
from mobayilo.lib.errors import ProductError, throttled

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of requests in a window (`"10/m"`), per token, signed-in user, session, or IP.

    Without a token or a user, `per` falls back to the IP address; `all` counts everyone together.
    Without Redis, a limit that is `closed` refuses, and one that is `open` lets pass.
    Counted `by each process`, a limit asks nothing of Redis and allows its rate in each.
    """

    rate: str
    per: Literal["token", "user", "session", "ip", "all"]
    when_redis_is_down: Literal["open", "closed"] = "open"
    counted: Literal["together", "by each process"] = "together"


LIMITS: dict[str, Limit] = {
    # The CLI API
    "public-read": Limit("120/m", "ip"),
    "api-read": Limit("300/m", "token", counted="by each process"),
    "api-write": Limit("60/m", "token"),
    "calls": Limit("30/m", "token"),
    "topups": Limit("30/h", "token"),
    "verification-send": Limit("10/h", "user", "closed"),
    "verification-check": Limit("30/h", "user", "closed"),
    "tokens-write": Limit("30/h", "token", "closed"),
    "leaked-tokens": Limit("30/m", "ip", "closed"),
    # OAuth
    "oauth-metadata": Limit("120/m", "ip"),
    "oauth-start": Limit("20/m", "ip", "closed"),
    "oauth-token": Limit("600/m", "ip", "closed"),
    "oauth-revoke": Limit("60/m", "ip"),
    # Failures only: what fails is counted after it has failed, and refused before it is tried
    "bad-tokens": Limit("60/m", "ip"),
    "scope-denials": Limit("5/h", "token"),
    "unknown-device-codes": Limit("30/m", "ip"),
    "wrong-user-codes": Limit("5/10m", "user", "closed"),
    "wrong-user-codes-session": Limit("5/10m", "session", "closed"),
    "wrong-user-codes-ip": Limit("30/10m", "ip", "closed"),
    "wrong-user-codes-all": Limit("300/10m", "all"),
    # Pages
    "page-read": Limit("300/m", "ip"),
    "page-write": Limit("60/m", "user"),
    "sign-in": Limit("60/m", "ip", "closed"),
    "metrics": Limit("60/m", "ip"),
    "probes": Limit("600/m", "ip", counted="by each process"),  # asks nothing of Redis
    # Providers calling us; the signature is what keeps strangers out
    "webhook": Limit("6000/m", "ip"),
}


def count(request: HttpRequest, name: str) -> int:
    """Count one request against a limit; return the seconds to wait, 0 if it may pass.

    Raise `unavailable` when the counters cannot be reached and the limit is one that closes then.
    """
    usage = _usage(request, name, increment=True)
    if usage is None or not usage["should_limit"]:
        return 0
    return max(1, int(usage["time_left"]))


def used_up(request: HttpRequest, name: str) -> int:
    """Return the seconds until a limit allows one more request, 0 if it does now; count nothing."""
    usage = _usage(request, name, increment=False)
    if usage is None or usage["count"] < usage["limit"]:
        return 0
    return max(1, int(usage["time_left"]))


def _usage(request: HttpRequest, name: str, *, increment: bool) -> dict[str, int] | None:
    """Return django-ratelimit's figures of a limit, or None if the request may pass uncounted."""
    if not settings.RATELIMIT_ENABLE:
        return None
    limit = LIMITS[name]
    key = _counted_as(request, limit)
    if limit.counted == "by each process":
        return _usage_of_this_process(f"{name}:{key}", limit.rate, by=int(increment))
    try:
        return cast(
            "dict[str, int] | None",
            get_usage(request, name, key=lambda *_: key, rate=limit.rate, increment=increment),
        )
    except (RedisError, OSError):
        logger.exception("rate limit counters unreachable", extra={"limit": name})
        if limit.when_redis_is_down == "open":
            return None
        raise ProductError(
            "unavailable", "The service is not available for a moment.", retry_after_seconds=30
        ) from None


def _usage_of_this_process(key: str, rate: str, *, by: int) -> dict[str, int]:
    """Return the figures of django-ratelimit for a window that only this process counts."""
    limit, seconds = _limit_and_seconds(rate)
    window, elapsed = divmod(int(time.time()), seconds)
    counters, window_key = caches["local"], f"{key}:{window}"
    counters.add(window_key, 0, seconds)
    request_count = counters.incr(window_key, by)
    return {
        "count": request_count,
        "limit": limit,
        "should_limit": request_count > limit,
        "time_left": seconds - elapsed,
    }


@cache
def _limit_and_seconds(rate: str) -> tuple[int, int]:
    """Return the requests and the seconds of a rate: 300 and 60 of `300/m`."""
    match = re.fullmatch(r"(\d+)/(\d*)([smhd])", rate)
    if match is None:
        raise ValueError(rate)
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[3]]
    return int(match[1]), int(match[2] or 1) * unit


def _counted_as(request: HttpRequest, limit: Limit) -> str:
    """Return the key of the counter that a request adds to: of its token, user, session or IP."""
    if limit.per == "all":
        return "all"
    if limit.per == "session" and request.session.session_key:
        return f"session:{request.session.session_key}"
    token = getattr(request, "auth", None)
    user = getattr(request, "user", None)
    if limit.per == "token" and token is not None:
        return f"token:{token.line}"  # a rotation does not start a new count
    if limit.per in ("token", "user") and user is not None and user.pk:
        return f"user:{user.pk}"
    return f"ip:{rate_limit_network(client_ip(request))}"


def _method(request: HttpRequest | Request) -> str:
    """Return the method that is counted: HEAD costs as much as GET, and is counted with it."""
    return "GET" if request.method == "HEAD" else str(request.method)


class LimitedView(Protocol):
    """A view that names its limit, or one for each method."""

    limit: str | dict[str, str]


class RateLimitThrottle(BaseThrottle):
    """A throttle by the limit that a view names: `limit = "api-read"`, or one per method."""

    def __init__(self) -> None:
        self.wait_seconds = 0

    def allow_request(self, request: Request, view: LimitedView) -> bool:  # type: ignore[override]  # every view of ours names a limit
        limit = view.limit
        name = limit if isinstance(limit, str) else limit.get(_method(request))
        self.wait_seconds = count(request, name) if name else 0
        return self.wait_seconds == 0

    def wait(self) -> float:
        return float(self.wait_seconds)


V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def limited(name: str, *, methods: tuple[str, ...] = ()) -> Callable[[V], V]:
    """Return a decorator that limits a page; `methods` restricts it, for reading or sending."""

    def decorate(view: V) -> V:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            applies = not methods or _method(request) in methods
            wait_seconds = count(request, name) if applies else 0
            if wait_seconds:
                raise throttled(wait_seconds)
            return view(request, *args, **kwargs)

        # Read by the test that walks the URL list.
        vars(wrapper)["limits"] = [*getattr(view, "limits", []), name]
        return cast(V, wrapper)

    return decorate
