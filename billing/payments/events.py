"""Events of Stripe: stored once under their id, applied in one transaction, ready to be replayed.

The effect of an event follows from its object alone and is safe to repeat, so that order,
repetition and loss of events do not change the final result.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from billing.models import StripeEvent, TopUp
from billing.payments import disputes, gateway, refunds, topups
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
EVENTS_PER_RUN = 2_000
Handler = Callable[[Mapping[str, Any]], str | None]


def is_session_of_ours(data: Mapping[str, Any]) -> bool:
    """Return whether a session pays a top-up of ours, before any other field is read.

    Sessions of other products in the account arrive too; those in mode setup have no amount.
    """
    topup_id = (data.get("metadata") or {}).get("topup_id")
    is_payment = data.get("mode", "payment") == "payment"
    return is_payment and TopUp.objects.filter(public_id=topup_id).exists()


def checkout_changed(data: Mapping[str, Any]) -> str | None:
    topup = topups.record_session(read_session(data)) if is_session_of_ours(data) else None
    return topup.public_id if topup else None


def checkout_failed(data: Mapping[str, Any]) -> str | None:
    is_ours = is_session_of_ours(data)
    topup = topups.record_session(read_session(data), failed=True) if is_ours else None
    return topup.public_id if topup else None


def refund_changed(data: Mapping[str, Any]) -> str | None:
    refund = refunds.record_refund(read_refund(data))
    return refund.topup.public_id if refund else None


def charge_refunded(data: Mapping[str, Any]) -> str | None:
    payment_intent_id = reference_of(data, "payment_intent")
    topup = refunds.record_refunded_sum(payment_intent_id, integer_of(data, "amount_refunded"))
    return topup.public_id if topup else None


def dispute_changed(data: Mapping[str, Any]) -> str | None:
    topup = disputes.record_claim(disputes.read_dispute(data))
    return topup.public_id if topup else None


def fraud_warned(data: Mapping[str, Any]) -> str | None:
    topup = disputes.record_claim(disputes.read_warning(data))
    return topup.public_id if topup else None


# Each returns the id of the top-up that the event is about, or None for another product's payment.
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
    """Store an event and return its row; the insert decides which of two deliveries stores it."""
    fields = {
        "kind": event.kind,
        "payload": without_secrets(event.payload),
        "stripe_created_at": event.created_at,
    }
    return StripeEvent.objects.get_or_create(stripe_id=event.id, defaults=fields)[0]


def without_secrets(value: object) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON without `client_secret`, with which a browser may act on a payment."""
    if isinstance(value, dict):
        harmless = {name: item for name, item in value.items() if name != "client_secret"}
        return {name: without_secrets(item) for name, item in harmless.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def apply_event(event: StripeEvent) -> StripeEvent.Outcome:
    """Apply an event if it was not applied before. Raise ValueError if its object is unreadable.

    The filtered update comes first: a second delivery waits for the first, then updates no row.
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
    """Apply an event, also if it was applied before; the result is the same."""
    with transaction.atomic():
        StripeEvent.objects.filter(pk=event.pk).update(applied_at=timezone.now())
        outcome = _apply(event)
    if outcome == Outcome.APPLIED:
        _apply_early(event)
    return outcome


def apply_overdue() -> int:
    """Apply events that were stored but not applied, or that came before their payment.

    Return how many were applied.
    """
    ours = TopUp.objects.filter(stripe_payment_intent_id=OuterRef("reference"))
    waiting = StripeEvent.objects.filter(applied_at=None).order_by("stripe_created_at", "id")
    early = StripeEvent.objects.exclude(reference="").filter(Exists(ours), outcome=Outcome.IGNORED)
    return _replay_each((*waiting[:EVENTS_PER_RUN], *early[:EVENTS_PER_RUN]))


def _apply_early(event: StripeEvent) -> None:
    """Apply the refunds and disputes of a payment that arrived before it, stored as ignored.

    Each is applied in its own transaction, after that of the payment, because every transaction
    locks its event first and the top-up second.
    """
    if HANDLERS.get(event.kind) is not checkout_changed:
        return
    if payment_intent_id := reference_of(_object_of(event), "payment_intent"):
        early = StripeEvent.objects.filter(outcome=Outcome.IGNORED, reference=payment_intent_id)
        _replay_each(early.order_by("stripe_created_at", "id"))


def _replay_each(events: Iterable[StripeEvent]) -> int:
    """Apply stored events again, and return how many were applied; skip those that fail."""
    applied_count = 0
    for event in events:
        try:
            replay_event(event)
            applied_count += 1
        except (ValueError, DatabaseError):
            logger.exception("stripe event not applied", extra={"event": event.stripe_id})
    return applied_count


def _object_of(event: StripeEvent) -> Any:  # noqa: ANN401 - any object of Stripe
    """Return Stripe's object that an event is about. Raise ValueError if the event has none."""
    try:
        return event.payload["data"]["object"]
    except (KeyError, TypeError):
        raise ValueError("the event is about nothing") from None


def _apply(event: StripeEvent) -> StripeEvent.Outcome:
    """Run the handler of an event, and return its outcome, which is stored with the event.

    What the handler did is rolled back if it raises ContradictionError; the outcome is a refusal.
    """
    data = _object_of(event)
    outcome, note, reference = Outcome.UNKNOWN, "", ""
    if (event.payload.get("livemode") is True) != gateway.key_is_live():
        # A test card pays for nothing real, also when events of a former key are replayed.
        outcome = Outcome.OTHER_MODE
        logger.error("stripe event of another mode", extra={"event": event.stripe_id})
    elif handler := HANDLERS.get(event.kind):
        outcome = Outcome.IGNORED
        reference = reference_of(data, "payment_intent")[:40]  # `_apply_early` finds it by this
        try:
            with transaction.atomic():
                topup_id = handler(data)
            if topup_id:
                outcome, reference = Outcome.APPLIED, topup_id
        except ContradictionError as contradiction:
            outcome, note = Outcome.REFUSED, str(contradiction)
            reference = contradiction.topup.public_id
            topups.record_problem(contradiction)
    StripeEvent.objects.filter(pk=event.pk).update(outcome=outcome, reference=reference, note=note)
    return outcome
