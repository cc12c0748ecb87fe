"""Events of Stripe: stored once under their id, applied in one transaction, ready to be replayed.

What an event does follows from its object alone and is safe to repeat, so that order, repetition
and loss of events change nothing in the end.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from billing.models import StripeEvent, TopUp
from billing.payments import disputes, refunds, topups
from billing.payments.gateway import (
    SignedEvent,
    integer_of,
    read_refund,
    read_session,
    reference_of,
)
from billing.payments.topups import ContradictionError

logger = logging.getLogger(__name__)
Outcome = StripeEvent.Outcome
AT_A_TIME = 2_000
Handler = Callable[[Mapping[str, Any]], str | None]


def checkout_changed(data: Mapping[str, Any]) -> str | None:
    topup = topups.record_session(read_session(data))
    return topup.public_id if topup else None


def checkout_failed(data: Mapping[str, Any]) -> str | None:
    topup = topups.record_session(read_session(data), failed=True)
    return topup.public_id if topup else None


def refund_changed(data: Mapping[str, Any]) -> str | None:
    refund = refunds.record_refund(read_refund(data))
    return refund.topup.public_id if refund else None


def charge_refunded(data: Mapping[str, Any]) -> str | None:
    payment_intent_id = reference_of(data, "payment_intent")
    topup = refunds.note_refunded(payment_intent_id, integer_of(data, "amount_refunded"))
    return topup.public_id if topup else None


def dispute_changed(data: Mapping[str, Any]) -> str | None:
    topup = disputes.record_claim(disputes.read_dispute(data))
    return topup.public_id if topup else None


def fraud_warned(data: Mapping[str, Any]) -> str | None:
    topup = disputes.record_claim(disputes.read_warning(data))
    return topup.public_id if topup else None


# Each returns the id of ours that the event was about, or None when it was about none.
HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": checkout_changed,
    "checkout.session.async_payment_succeeded": checkout_changed,
    "checkout.session.async_payment_failed": checkout_failed,
    "checkout.session.expired": checkout_changed,
    "refund.created": refund_changed,
    "refund.updated": refund_changed,
    "refund.failed": refund_changed,
    "charge.refunded": charge_refunded,
    "charge.dispute.created": dispute_changed,
    "charge.dispute.updated": dispute_changed,
    "charge.dispute.funds_withdrawn": dispute_changed,
    "charge.dispute.funds_reinstated": dispute_changed,
    "charge.dispute.closed": dispute_changed,
    "radar.early_fraud_warning.created": fraud_warned,
    "radar.early_fraud_warning.updated": fraud_warned,
}


def store_event(event: SignedEvent) -> StripeEvent:
    """The event's row; the insert decides which of two deliveries stores it."""
    fields = {
        "kind": event.kind,
        "payload": without_secrets(event.payload),
        "stripe_created_at": event.created_at,
    }
    return StripeEvent.objects.get_or_create(stripe_id=event.id, defaults=fields)[0]


def without_secrets(value: object) -> Any:  # noqa: ANN401 - any JSON
    """JSON without what lets a browser act on a payment: it is no business of ours or support's."""
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name != "client_secret"}
        return {name: without_secrets(one) for name, one in kept.items()}
    return [without_secrets(one) for one in value] if isinstance(value, list) else value


def apply_event(event: StripeEvent) -> StripeEvent.Outcome:
    """Applies an event unless that was done. Raises ValueError for an object that is unreadable.

    The filtered update comes first: a second delivery waits for the first and then finds it done.
    """
    with transaction.atomic():
        waiting = StripeEvent.objects.filter(pk=event.pk, applied_at=None)
        if not waiting.update(applied_at=timezone.now()):
            return Outcome.APPLIED
        outcome = _apply(event)
    if outcome == Outcome.APPLIED:
        _apply_early(event)
    return outcome


def replay_event(event: StripeEvent) -> StripeEvent.Outcome:
    """Applies an event again, whether or not that was done, to the same result."""
    with transaction.atomic():
        StripeEvent.objects.filter(pk=event.pk).update(applied_at=timezone.now())
        outcome = _apply(event)
    if outcome == Outcome.APPLIED:
        _apply_early(event)
    return outcome


def apply_overdue() -> int:
    """Applies what was stored but not applied, and what came before the payment it is about."""
    ours = TopUp.objects.filter(stripe_payment_intent_id=OuterRef("reference"))
    waiting = StripeEvent.objects.filter(applied_at=None).order_by("stripe_created_at", "id")
    early = StripeEvent.objects.exclude(reference="").filter(Exists(ours), outcome=Outcome.IGNORED)
    return _replay_each((*waiting[:AT_A_TIME], *early[:AT_A_TIME]))


def _apply_early(event: StripeEvent) -> None:
    """A refund or dispute may be heard of before its payment; it waits as ignored until then.

    In transactions of their own, after the payment's: each locks its event before the top-up.
    """
    if HANDLERS.get(event.kind) is not checkout_changed:
        return
    if payment_intent_id := reference_of(_object_of(event), "payment_intent"):
        early = StripeEvent.objects.filter(outcome=Outcome.IGNORED, reference=payment_intent_id)
        _replay_each(early.order_by("stripe_created_at", "id"))


def _replay_each(stored: Iterable[StripeEvent]) -> int:
    """How many could be applied; one that cannot holds up none of the others."""
    done = 0
    for event in stored:
        try:
            replay_event(event)
            done += 1
        except (ValueError, DatabaseError):
            logger.exception("stripe event not applied", extra={"event": event.stripe_id})
    return done


def _object_of(event: StripeEvent) -> Any:  # noqa: ANN401 - whatever Stripe tells about
    try:
        return event.payload["data"]["object"]
    except (KeyError, TypeError):
        raise ValueError("the event is about nothing") from None


def _apply(event: StripeEvent) -> StripeEvent.Outcome:
    data = _object_of(event)
    outcome, note, reference = Outcome.UNKNOWN, "", ""
    if handler := HANDLERS.get(event.kind):
        outcome = Outcome.IGNORED
        reference = reference_of(data, "payment_intent")[:40]  # by which it may be found later
        try:
            with transaction.atomic():
                ours = handler(data)
            if ours:
                outcome, reference = Outcome.APPLIED, ours
        except ContradictionError as contradiction:
            outcome, note = Outcome.REFUSED, str(contradiction)
            reference = contradiction.topup.public_id
            topups.note_problem(contradiction)
    StripeEvent.objects.filter(pk=event.pk).update(outcome=outcome, reference=reference, note=note)
    return outcome
