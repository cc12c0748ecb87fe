"""The error contract: every refusal as JSON for programs, or as a page."""

import logging
import sys
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions as drf
from rest_framework.response import Response

from accounts.oauth.http import oauth_refusal
from mobayilo.lib.errors import (
    OUTAGES,
    REALM,
    ProductError,
    asks_from_terminal,
    keep_refusal,
    throttled,
)

logger = logging.getLogger(__name__)
OAUTH_PATHS = ("/oauth/", "/login/oauth/", "/login/device/", "/.well-known/")


def error_object(error: ProductError, request: HttpRequest) -> dict[str, Any]:
    """Return the one shape of an error: `{"error": {code, message, hint, …}}`."""
    return {
        "error": {
            **error.as_object(on_terminal=asks_from_terminal(request)),
            "request_id": getattr(request, "request_id", ""),
            "details": error.details,
        }
    }


def handle_api_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception in DRF; None for a fault of ours, which ends in 500."""
    request = context["request"]
    error = _outage(exception) if isinstance(exception, OUTAGES) else as_product_error(exception)
    if error is None:
        return None
    keep_refusal(request._request, error)
    response = Response(error_object(error, request._request), status=error.kind.status)
    for name, value in _headers(error).items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def as_product_error(exception: Exception) -> ProductError | None:
    """Return the refusal that an exception of Django or DRF stands for; None for other ones."""
    match exception:
        case ProductError():
            return exception
        case drf.Throttled():
            return throttled(int(getattr(exception, "wait", None) or 1))
        case drf.ValidationError():
            return ProductError(
                "invalid_request",
                "The request has a field that cannot be used.",
                details={"fields": exception.detail},
                terminal_message="One of the values cannot be used.",
            )
        case drf.ParseError():
            return ProductError(
                "invalid_request",
                "The body is not valid JSON.",
                hint="Send one JSON object in UTF-8.",
            )
        case drf.UnsupportedMediaType():
            return ProductError("unsupported_media_type", "The body must be JSON.")
        case drf.MethodNotAllowed():
            return ProductError("method_not_allowed", "This path does not take that method.")
        case drf.NotAuthenticated():
            return ProductError("not_authenticated", "This needs a token.")
        case Http404() | drf.NotFound():
            return ProductError("not_found", "There is nothing at this address.")
        case drf.PermissionDenied() | PermissionDenied():
            return ProductError("insufficient_scope", "This token may not do that.")
    return None


def _outage(exception: BaseException) -> ProductError:
    logger.error("database or counters away", exc_info=exception)
    return ProductError(
        "unavailable", "The service is not available for a moment.", retry_after_seconds=5
    )


def _headers(error: ProductError) -> dict[str, str]:
    """Return challenges by RFC 6750 section 3 and Retry-After by RFC 9110 section 10.2.3."""
    headers: dict[str, str] = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.code == "not_authenticated":
        headers["WWW-Authenticate"] = REALM
    elif error.code == "malformed_authorization":
        headers["WWW-Authenticate"] = f'{REALM}, error="invalid_request"'
    elif error.kind.status == 401:
        headers["WWW-Authenticate"] = f'{REALM}, error="invalid_token"'
    elif error.code == "insufficient_scope":
        scope = error.details.get("required_scope", "")
        scope_attribute = f', scope="{scope}"' if scope else ""
        headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope"{scope_attribute}'
    return headers


def refuse(request: HttpRequest, error: ProductError) -> HttpResponse:
    """Return an error outside DRF: the JSON of the API or of OAuth by its path, or else a page."""
    keep_refusal(request, error)
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            error_object(error, request), status=error.kind.status
        )
    elif request.path.startswith(OAUTH_PATHS):
        return oauth_refusal(error)
    else:
        context = {"error": error, "request_id": getattr(request, "request_id", "")}
        response = render(request, "errors/refused.html", context, status=error.kind.status)
    for name, value in _headers(error).items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        error = ProductError("invalid_request", "That request is too large.", hint="Send less.")
    else:
        error = ProductError(
            "invalid_request", "That request cannot be read.", hint="Check its form."
        )
    return refuse(request, error)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, ProductError("insufficient_scope", "You may not open this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, ProductError("not_found", "There is nothing at this address."))


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    return refuse(request, throttled(300, "Too many attempts. Nothing was done."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that was not caught; Django calls this while it is handled."""
    exception = sys.exc_info()[1]
    if isinstance(exception, OUTAGES):
        return refuse(request, _outage(exception))
    return refuse(request, ProductError("server_error", "Something went wrong on our side."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.warning("csrf check failed", extra={"reason": reason})
    error = ProductError(
        "insufficient_scope",
        "This form had expired, so nothing was done.",
        hint="Go back, reload the page, and send it again.",
    )
    return refuse(request, error)
