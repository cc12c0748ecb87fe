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
            if isinstance(token, AccessToken) and token.expires_at is not None:
                response["X-Token-Expires-At"] = rfc3339(token.expires_at)
        return response
