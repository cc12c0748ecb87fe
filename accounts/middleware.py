"""The headers of every answer to a token, and the browsers that are signed in."""

import hashlib
from collections.abc import Callable

from allauth.usersessions.middleware import UserSessionsMiddleware as EagerMiddleware
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase

from accounts.audit import agent_of, ip_of
from accounts.models import AccessToken
from mobayilo.lib.formatting import rfc3339


class TokenHeadersMiddleware:
    """The headers that keep answers to a token from being stored and report the token's end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/api/") and "Authorization" in request.headers:
            response["Cache-Control"] = "no-store"
            token = getattr(request, "auth", None)
            expires_at = token.expires_at if isinstance(token, AccessToken) else None
            # An answer with a new token has the end of that one in its body.
            body = getattr(response, "data", None)
            has_new_token = isinstance(body, dict) and isinstance(body.get("token"), str)
            if expires_at is not None and not has_new_token:
                response["X-Token-Expires-At"] = rfc3339(expires_at)
        return response


class UserSessionsMiddleware(EagerMiddleware):  # type: ignore[misc]  # allauth has no types
    """A record of where a browser was last seen, once a minute; allauth's own writes every time.

    A browser with another address or another name is recorded at once. A request without a session,
    as programs send, comes from no user's browser.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key is None:
            return self.get_response(request)  # type: ignore[no-any-return]  # of allauth's class
        seen = f"{request.session.session_key} {ip_of(request)} {agent_of(request)}"
        key = f"seen:{hashlib.sha256(seen.encode()).hexdigest()}"
        if not caches["local"].add(key, True, timeout=60):
            return self.get_response(request)  # type: ignore[no-any-return]  # of allauth's class
        return super().__call__(request)  # type: ignore[no-any-return]  # of allauth's class
