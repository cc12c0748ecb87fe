"""Settling a call: the charge of two ended legs, booked exactly once."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.ledger import capture_hold, release_hold
from mobayilo.lib.money import format_micros
from telephony.calls.states import is_accountable
from telephony.models import Call
from telephony.numbers import mask

logger = logging.getLogger(__name__)

# Twilio reports its own price some time after a call has ended.
ASK_PRICE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Charge:
    """The bill of each leg; seconds beyond what the hold covers are never billed."""

    leg_a_seconds: int
    leg_b_seconds: int
    leg_a_micros: int
    leg_b_micros: int
    is_false_answer: bool = False

    @property
    def total_micros(self) -> int:
        return self.leg_a_micros + self.leg_b_micros


def charge_of(call: Call) -> Charge:
    """Return the charge of a call whose legs have ended.

    Leg B is billed for the bridged time, leg A from its own answer. A call that the destination
    never answered costs nothing, unless the policy bills the customer's own leg, or the call was
    placed after the free attempts of its day. A call so short that the answer was a false one
    costs nothing either, or both legs after the free attempts. A call whose key was not pressed
    costs nothing in any case, since a mailbox may have picked it up, and neither does one that the
    carrier refused. No time of leg A is free beyond the question and the rings that the call had.
    """
    price = call.price
    a_seconds = min(call.leg_a_seconds or 0, price.leg_a_limit_seconds(call.max_seconds))
    b_seconds = min(call.leg_b_seconds or 0, call.max_seconds)
    answered = call.leg_b_status == "completed" and b_seconds > 0
    free_seconds = price.free_seconds(short_seconds=settings.FALSE_ANSWER_SECONDS)
    outlasts = a_seconds > free_seconds
    is_charged = call.charges_attempt or outlasts
    if answered and b_seconds < settings.FALSE_ANSWER_SECONDS and not is_charged:
        return Charge(a_seconds, b_seconds, 0, 0, is_false_answer=True)
    a_micros = price.leg_a.cost_micros(a_seconds)
    if answered:
        return Charge(a_seconds, b_seconds, a_micros, price.leg_b.cost_micros(b_seconds))
    is_charged = is_charged or settings.CHARGE_UNANSWERED_CALLS
    if call.is_unconfirmed or call.end_reason in Call.REFUSALS:
        is_charged = outlasts
    return Charge(a_seconds, 0, a_micros if is_charged else 0, 0)


@dataclass(frozen=True, slots=True)
class Running:
    """The time and the cost of a call that goes on, each leg rounded up to its increments."""

    own_seconds: int
    talk_seconds: int
    cost_micros: int


def running_of(call: Call) -> Running | None:
    """Return what an answered call has come to by now, None before the answer and after the end.

    It is an estimate: the bill goes by the seconds that the carrier counts.
    """
    if call.state != Call.State.ANSWERED or call.answered_at is None:
        return None
    now, price = timezone.now(), call.price
    # A computer's leg is answered with leg B, and a phone is asked for its key when it picks up.
    picked_up_at = None if call.is_through_computer else call.asked_at or call.bridged_at
    own_seconds = max(0, int((now - (picked_up_at or call.answered_at)).total_seconds()))
    talk_seconds = max(0, int((now - call.answered_at).total_seconds()))
    cost_micros = price.leg_a.cost_micros(own_seconds) + price.leg_b.cost_micros(talk_seconds)
    return Running(own_seconds, talk_seconds, min(cost_micros, call.hold_micros))


def settle_if_ended(call: Call) -> bool:
    """Settle a call if its facts are complete. Return True if this settled it."""
    if call.settled_at is not None or not is_accountable(call):
        return False
    settled = settle(call)
    call.refresh_from_db()
    return settled


def settle(call: Call) -> bool:
    """Bill the call and release the rest of its hold. Return False if it was settled before."""
    charge = charge_of(call)
    reason = Call.EndReason.FALSE_ANSWER if charge.is_false_answer else call.end_reason
    with transaction.atomic():
        if not _close(call, charge, end_reason=reason):
            return False
        _collect(call, charge)
    logger.info("call settled", extra={"call": call.public_id, "state": call.state})
    return True


def write_off(call: Call, *, end_reason: str) -> bool:
    """End a call that was never placed, or whose end stays unknown, at no cost.

    Return False if the call changed meanwhile.
    """
    now = timezone.now()
    with transaction.atomic():
        changed = Call.objects.filter(pk=call.pk, settled_at=None, version=call.version)
        is_canceled = end_reason == Call.EndReason.HUNG_UP
        unplaced = Call.State.CANCELED if is_canceled else Call.State.FAILED
        state = call.state if call.has_ended else unplaced
        if not changed.update(
            state=state,
            end_reason=end_reason,
            ended_at=call.ended_at or now,
            settled_at=now,
            leg_a_cost_micros=0,
            leg_b_cost_micros=0,
            reconcile_after=None,
            # The request may be made again, since nothing came of this call.
            idempotency_key=None,
            version=F("version") + 1,
        ):
            return False
        release_hold(key=call.hold_key)
    call.refresh_from_db()
    logger.warning("call written off", extra={"call": call.public_id, "reason": end_reason})
    return True


def _close(call: Call, charge: Charge, *, end_reason: str) -> bool:
    now = timezone.now()
    answered_at = call.answered_at
    if answered_at is None and charge.leg_b_seconds:
        # The report of the answer was lost, so count back from the end.
        answered_at = (call.ended_at or now) - timedelta(seconds=charge.leg_b_seconds)
    open_call = Call.objects.filter(pk=call.pk, settled_at=None)
    closed = open_call.update(
        settled_at=now,
        ended_at=call.ended_at or now,
        answered_at=answered_at,
        end_reason=end_reason,
        leg_a_cost_micros=charge.leg_a_micros,
        leg_b_cost_micros=charge.leg_b_micros,
        reconcile_after=now + ASK_PRICE_AFTER if call.leg_a_sid else None,
        reconcile_count=0,
        version=F("version") + 1,
    )
    return closed == 1


def _collect(call: Call, charge: Charge) -> None:
    """Capture the charge from the hold. The statement names the destination's leg first."""
    legs = (
        (call.price.leg_b, charge.leg_b_seconds, charge.leg_b_micros),
        (call.price.leg_a, charge.leg_a_seconds, charge.leg_a_micros),
    )
    billed = " + ".join(
        f"{price.billed_seconds(seconds)} s at ${format_micros(price.micros_per_minute)}"
        for price, seconds, micros in legs
        if micros
    )
    transfer = capture_hold(
        key=call.hold_key,
        amount_micros=charge.total_micros,
        description=f"Call to {mask(call.to_e164)}: {billed} a minute",
        reference=call.public_id,
    )
    paid_micros = -transfer.amount_micros if transfer else 0
    if paid_micros < charge.total_micros:
        # The hold had expired and its money was spent, so the receipt has what was paid.
        leg_b_micros = min(charge.leg_b_micros, paid_micros)
        Call.objects.filter(pk=call.pk).update(
            leg_a_cost_micros=paid_micros - leg_b_micros, leg_b_cost_micros=leg_b_micros
        )
