"""What every answer to a token carries, and which browsers are signed in."""

import hashlib
from collections.abc import Callable

from allauth.usersessions.middleware import UserSessionsMiddleware as EagerMiddleware
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase

from accounts.audit import agent_of, ip_of
from accounts.models import AccessToken
from mobayilo.lib.instants import rfc3339


class TokenHeadersMiddleware:
    """Answers to a token are stored nowhere, and tell when the token ends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/api/") and "Authorization" in request.headers:
            response["Cache-Control"] = "no-store"
            token = getattr(request, "auth", None)
            ends = token.expires_at if isinstance(token, AccessToken) else None
            if ends is not None and not _holds_a_new_token(response):
                response["X-Token-Expires-At"] = rfc3339(ends)
        return response


def _holds_a_new_token(response: HttpResponseBase) -> bool:
    """Such an answer says in its body when that one ends; the header would tell of another."""
    body = getattr(response, "data", None)
    return isinstance(body, dict) and isinstance(body.get("token"), str)


class UserSessionsMiddleware(EagerMiddleware):  # type: ignore[misc]  # allauth has no types
    """Notes where a browser was last seen; once a minute, where allauth's own writes each time.

    A browser that comes from elsewhere, or calls itself otherwise, is noted at once. What comes
    without a session, as programs do, is no browser of anybody.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key is None:
            return self.get_response(request)  # type: ignore[no-any-return]  # of allauth's class
        seen = f"{request.session.session_key} {ip_of(request)} {agent_of(request)}"
        key = f"seen:{hashlib.sha256(seen.encode()).hexdigest()}"
        if caches["local"].add(key, True, timeout=60):
            answer: HttpResponseBase = super().__call__(request)
        else:
            answer = self.get_response(request)
        return answer
