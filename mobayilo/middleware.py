"""An id and one log line for every request, and our error shape for refusals in pages."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.models import User
from mobayilo.exceptions import refuse
from mobayilo.lib.errors import ProductError
from mobayilo.logs import request_id, route_of
from mobayilo.metrics import observe

logger = logging.getLogger("mobayilo.requests")
_ACCEPTABLE_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")


class RequestContextMiddleware:
    """The id of a request, in the request, the answer and the access log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-Id", "")
        current = offered if _ACCEPTABLE_ID.fullmatch(offered) else f"req_{secrets.token_hex(12)}"
        request.request_id = current  # type: ignore[attr-defined]  # ours, for error objects and pages
        reset = request_id.set(current)
        started = time.perf_counter()
        try:
            response = self.answer(request)
            response["X-Request-Id"] = current
            if settings.SESSION_COOKIE_NAME in request.COOKIES:
                # Even if a page forgets to say so, an answer to a signed-in browser is not stored.
                response.setdefault("Cache-Control", "no-store")
            self.log(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.reset(reset)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path:
            # No id has one, and PostgreSQL refuses to look for it.
            return refuse(request, ProductError("not_found", "There is nothing at this address."))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refuse(request, error) if isinstance(error, ProductError) else None

    def log(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        # The route's pattern and never the path: paths may hold keys of mails and ids of users.
        method, status = request.method or "", response.status_code
        route = route_of(request)
        observe(method=method, route=route, status=status, seconds=seconds)
        # The account is logged only where it is read already: a log line makes no query. Django
        # keeps the user of a session in `_cached_user` once it was asked for.
        token = getattr(request, "auth", None)
        user = token.user if token is not None else getattr(request, "_cached_user", None)
        account_id = ""
        if isinstance(user, User) and User.account.is_cached(user):
            account_id = str(user.account.public_id)
        extra = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 1),
            "account": account_id,
        }
        logger.info("request", extra=extra)


class ProbeMiddleware:
    """Let balancers and Prometheus ask a web process by its own address, with any Host header.

    Their pages get the name of the site instead. They make no links, so no wrong name gets out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in ("/healthz", "/readyz", "/metrics"):
            request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc
        return self.get_response(request)


class ContentSecurityPolicyMiddleware:
    """One policy for every answer; django-csp's own middleware builds it for each answer.

    No page may use the microphone but those that set a policy of their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault(HEADER, self.policy)
        response.setdefault("Permissions-Policy", "microphone=()")
        return response
