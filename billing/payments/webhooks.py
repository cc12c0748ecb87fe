"""The webhook of Stripe: verify the signature, store the event under its id, apply it."""

import logging

from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.payments import events, gateway
from mobayilo.lib.ratelimits import limited

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
@limited("webhook")
def stripe(request: HttpRequest) -> HttpResponse:
    """Answer 400 to a wrong signature or an unreadable event, and 200 to a repetition."""
    try:
        signed = gateway.verify_event(request.body, request.headers.get("Stripe-Signature", ""))
    except gateway.WrongSignatureError as error:
        logger.warning("stripe webhook refused", extra={"reason": str(error)})
        return HttpResponseBadRequest("wrong signature\n", content_type="text/plain")
    try:
        event = events.store_event(signed)
    except (DataError, IntegrityError, ValueError, RecursionError):
        # JSON that Python reads and the database refuses: Infinity, or a NUL in a text. Or JSON
        # that is nested deeper than it can be written.
        logger.exception("stripe event cannot be stored", extra={"event": signed.id})
        return HttpResponseBadRequest("unreadable event\n", content_type="text/plain")
    try:
        events.apply_event(event)
    except (ValueError, DataError, IntegrityError):
        # It stays stored and not applied: a retry or a replay may read it after a correction.
        logger.exception("stripe event unreadable", extra={"event": signed.id, "kind": signed.kind})
        return HttpResponseBadRequest("unreadable object\n", content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
