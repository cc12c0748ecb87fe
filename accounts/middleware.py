"""What every answer to a token carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

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
