"""Events of Stripe: stored once under their id, applied in one transaction, ready to be replayed.

What an event does follows from its object alone and is safe to repeat, so that order, repetition
and loss of events change nothing in the end.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import topups
from billing.models import StripeEvent
from billing.stripe_answers import SignedEvent, read_session
from billing.topups import ContradictionError

logger = logging.getLogger(__name__)
Outcome = StripeEvent.Outcome
Handler = Callable[[Mapping[str, Any]], str | None]


def checkout_changed(data: Mapping[str, Any]) -> str | None:
    topup = topups.record_session(read_session(data))
    return topup.public_id if topup else None


def checkout_failed(data: Mapping[str, Any]) -> str | None:
    topup = topups.record_session(read_session(data), failed=True)
    return topup.public_id if topup else None


# Each returns the id of ours that the event was about, or None when it was about none.
HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": checkout_changed,
    "checkout.session.async_payment_succeeded": checkout_changed,
    "checkout.session.async_payment_failed": checkout_failed,
    "checkout.session.expired": checkout_changed,
}


def store_event(event: SignedEvent) -> StripeEvent:
    """The event's row; the insert decides which of two deliveries stores it."""
    fields = {"kind": event.kind, "payload": event.payload, "stripe_created_at": event.created_at}
    return StripeEvent.objects.get_or_create(stripe_id=event.id, defaults=fields)[0]


def apply_event(event: StripeEvent) -> StripeEvent.Outcome:
    """Applies an event unless that was done. Raises ValueError for an object that is unreadable.

    The filtered update comes first: a second delivery waits for the first and then finds it done.
    """
    with transaction.atomic():
        waiting = StripeEvent.objects.filter(pk=event.pk, applied_at=None)
        if not waiting.update(applied_at=timezone.now()):
            return Outcome.APPLIED
        return _apply(event)


def replay_event(event: StripeEvent) -> StripeEvent.Outcome:
    """Applies an event again, whether or not that was done, to the same result."""
    with transaction.atomic():
        StripeEvent.objects.filter(pk=event.pk).update(applied_at=timezone.now())
        return _apply(event)


def _apply(event: StripeEvent) -> StripeEvent.Outcome:
    outcome, reference, note = Outcome.IGNORED, "", ""
    if handler := HANDLERS.get(event.kind):
        try:
            with transaction.atomic():
                reference = handler(event.payload["data"]["object"]) or ""
            outcome = Outcome.APPLIED if reference else Outcome.IGNORED
        except ContradictionError as contradiction:
            outcome, note = Outcome.REFUSED, str(contradiction)
            reference = contradiction.topup.public_id
            topups.note_problem(contradiction)
    StripeEvent.objects.filter(pk=event.pk).update(outcome=outcome, reference=reference, note=note)
    return outcome
