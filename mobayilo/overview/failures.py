"""Requests that were refused or failed, kept for support: customers quote their ids.

Only a failure costs a query. Not kept: what nobody signed in was refused, what is throttled (that
would undo the throttle), and an outage, in which there may be no database to write to.
"""

import logging
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import AccessToken, User
from mobayilo.lib.errors import ProductError, kept_refusal
from mobayilo.logs import mask
from mobayilo.overview.models import FailedRequest
from telephony.models import RefusedCall

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
NOT_KEPT = {"throttled", "unavailable"}


def keep_failure(request: HttpRequest, status: int) -> None:
    """Writes a row if the request was refused or failed. Never fails itself."""
    refusal = kept_refusal(request)
    if refusal is None and status < 500:
        return
    try:
        _keep(request, refusal, status)
    except Exception:
        logger.exception("failed request not kept")


def _keep(request: HttpRequest, refusal: ProductError | None, status: int) -> None:
    code = refusal.code if refusal else "server_error"
    status = refusal.kind.status if refusal else status
    if code in NOT_KEPT:
        return
    user = _who(request)
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


def _who(request: HttpRequest) -> User | None:
    token = getattr(request, "auth", None)
    user = token.user if isinstance(token, AccessToken) else getattr(request, "user", None)
    return user if isinstance(user, User) else None


def forget_old_failures() -> int:
    """Deletes what nobody asks about any more, refused calls among it; how many."""
    before = timezone.now() - KEPT
    requests, _ = FailedRequest.objects.filter(created_at__lt=before).delete()
    calls, _ = RefusedCall.objects.filter(created_at__lt=before).delete()
    return requests + calls
