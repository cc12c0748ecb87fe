"""Requests that were refused or failed, recorded for support: customers quote their ids.

Only a failure costs a query. Not recorded are refusals without a signed-in user, throttled requests
(a row for each would undo the throttle), and outages, in which the database may be away.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import AccessToken, User
from mobayilo.lib.errors import kept_refusal
from mobayilo.logs import mask
from mobayilo.overview.models import FailedRequest
from telephony.models import RefusedCall

logger = logging.getLogger(__name__)

FAILURES_ARE_KEPT = timedelta(days=30)
CODES_NOT_RECORDED = {"throttled", "unavailable"}


class FailuresMiddleware:
    """Record refused and failed requests under the request id that customers quote."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        try:
            record_failure(request, response.status_code)
        except Exception:
            logger.exception("failed request not kept")
        return response


def record_failure(request: HttpRequest, status: int) -> None:
    """Insert a row if the request was refused or failed."""
    refusal = kept_refusal(request)
    if refusal is None and status < 500:
        return
    code = refusal.code if refusal else "server_error"
    status = refusal.kind.status if refusal else status
    if code in CODES_NOT_RECORDED:
        return
    token = getattr(request, "auth", None)
    user = token.user if isinstance(token, AccessToken) else getattr(request, "user", None)
    user = user if isinstance(user, User) else None
    if user is None and status < 500:
        return
    FailedRequest.objects.create(
        request_id=getattr(request, "request_id", ""),
        account=user.account if user else None,
        method=request.method or "",
        route=request.resolver_match.route[:100] if request.resolver_match else "",
        status=status,
        code=code,
        message=mask(refusal.message)[:300] if refusal else "",
    )


def delete_old_failures() -> int:
    """Delete old failed requests and refused calls, and return how many."""
    before = timezone.now() - FAILURES_ARE_KEPT
    requests, _ = FailedRequest.objects.filter(created_at__lt=before).delete()
    calls, _ = RefusedCall.objects.filter(created_at__lt=before).delete()
    return requests + calls
