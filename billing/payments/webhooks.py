"""Stripe calling us: verify the signature, store the event under its id, apply it."""

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
    """400 for what Stripe did not sign or what cannot be read; a repetition answers 200."""
    try:
        signed = gateway.verify_event(request.body, request.headers.get("Stripe-Signature", ""))
    except gateway.WrongSignatureError as error:
        logger.warning("stripe webhook refused", extra={"reason": str(error)})
        return HttpResponseBadRequest("wrong signature\n", content_type="text/plain")
    try:
        event = events.store_event(signed)
    except (DataError, IntegrityError, ValueError):
        # JSON as Python reads it, but not as the database does: Infinity, or a NUL in a text.
        logger.exception("stripe event cannot be stored", extra={"event": signed.id})
        return HttpResponseBadRequest("unreadable event\n", content_type="text/plain")
    try:
        events.apply_event(event)
    except ValueError:
        # It stays stored and unapplied: to be read after a correction, by a retry or a replay.
        logger.exception("stripe event unreadable", extra={"event": signed.id, "kind": signed.kind})
        return HttpResponseBadRequest("unreadable object\n", content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
