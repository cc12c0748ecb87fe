"""The base of all OAuth endpoints: form bodies in, JSON out in every case.

RFC 6749 section 5.2. Clients of RFC 8628 give up on HTML, on 403 and on a challenge header, so
none of these is sent: not when throttled, not for a wrong method or type, not for our faults.
"""

import json
import logging
from collections.abc import Callable, Mapping
from functools import wraps

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from mobayilo.lib.errors import OUTAGES, ProductError
from mobayilo.lib.parsers import is_storable


class OAuthError(Exception):
    """A refusal as `{"error": code, "error_description": description}` (RFC 6749 section 5.2)."""

    def __init__(
        self,
        code: str,
        description: str,
        *,
        status: int = 400,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
        self.retry_after_seconds = retry_after_seconds


logger = logging.getLogger(__name__)
Parameters = Mapping[str, str]
IN_ASCII = str.maketrans({"“": "'", "”": "'", "’": "'", '"': "'", "\\": "/"})
Endpoint = Callable[[HttpRequest], HttpResponse]
FORM = "application/x-www-form-urlencoded"
MAX_CHARACTERS = 4000


def oauth_endpoint(view: Endpoint) -> Endpoint:
    """Decorate a view as an OAuth endpoint: POST only, JSON always, never stored."""

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        try:
            if request.method != "POST":
                raise OAuthError("invalid_request", "Only POST is answered here.", status=405)
            response = view(request)
        except OAuthError as error:
            response = refusal(error)
        except ProductError as error:
            response = refusal(_translate(error))
        except (BadRequest, SuspiciousOperation):
            response = refusal(OAuthError("invalid_request", "The body cannot be read."))
        except OUTAGES:
            logger.exception("oauth endpoint without its database or counters")
            response = refusal(
                OAuthError(
                    "temporarily_unavailable",
                    "This is paused for a moment.",
                    status=503,
                    retry_after_seconds=5,
                )
            )
        except Exception:
            logger.exception("oauth endpoint failed")
            response = refusal(OAuthError("server_error", "Our fault. Try again.", status=500))
        return _not_stored(response)

    return wrapper


def oauth_refusal(error: ProductError) -> HttpResponse:
    """Return a refusal from before any endpoint ran, such as of a host name that is not ours."""
    return _not_stored(refusal(_translate(error)))


def _not_stored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response


def refusal(error: OAuthError) -> HttpResponse:
    """Return an error as JSON, in the ASCII that RFC 6749 allows."""
    text = error.description.translate(IN_ASCII)
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    body = {"error": error.code, "error_description": plain}
    response = JsonResponse(body, status=error.status)
    if error.retry_after_seconds is not None:
        response["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 405:
        response["Allow"] = "POST"
    return response


def form_parameters(request: HttpRequest) -> Parameters:
    """Return the parameters of a form body (RFC 6749 section 3.2).

    An empty parameter counts as not sent; a parameter that is sent twice is refused.
    """
    if request.content_type != FORM:
        raise OAuthError("invalid_request", f"The body must be {FORM}.")
    return _checked({name: list(map(str, values)) for name, values in request.POST.lists()})


def json_or_form_parameters(request: HttpRequest) -> Parameters:
    """Return the parameters of a JSON object or a form, for the alias endpoints."""
    if request.content_type != "application/json":
        return form_parameters(request)
    try:
        body = json.loads(request.body)
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise OAuthError("invalid_request", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise OAuthError("invalid_request", "The body must be a JSON object.")
    # A null counts as not sent, and a list as its words with spaces between.
    sent = {name: value for name, value in body.items() if value is not None}
    words = {name: value if isinstance(value, list) else [value] for name, value in sent.items()}
    return _checked({name: [" ".join(map(str, value))] for name, value in words.items()})


def required(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return value


def _checked(sent: Mapping[str, list[str]]) -> Parameters:
    parameters = {}
    for name, values in sent.items():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"{name[:40]} is given twice.")
        if len(values[0]) > MAX_CHARACTERS or not is_storable(values[0]):
            raise OAuthError("invalid_request", f"{name[:40]} cannot be read.")
        if values[0]:
            parameters[name] = values[0]
    return parameters


def _translate(error: ProductError) -> OAuthError:
    """Return a refusal of the product with the code and status that OAuth knows."""
    codes = {429: "slow_down", 500: "server_error", 503: "temporarily_unavailable"}
    code = codes.get(error.kind.status, "invalid_request")
    # No 401 and no 403: clients end at both (RFC 8628 knows 400 alone).
    status = error.kind.status if error.kind.status in (404, 429, 500, 503) else 400
    return OAuthError(
        code, error.message, status=status, retry_after_seconds=error.retry_after_seconds
    )
