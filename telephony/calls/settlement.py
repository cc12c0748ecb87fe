"""From two finished legs to one charge, exactly once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

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

# Twilio tells its own price some time after a call has ended.
ASK_PRICE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Charge:
    """What each leg is billed; seconds beyond what the hold covers are never billed."""

    leg_a_seconds: int
    leg_b_seconds: int
    leg_a_micros: int
    leg_b_micros: int
    is_false_answer: bool = False

    @property
    def total_micros(self) -> int:
        return self.leg_a_micros + self.leg_b_micros


def charge_of(call: Call) -> Charge:
    """The charge of a call whose legs are over.

    Leg B is billed for the bridged time, leg A from its own answer. A call that the destination
    never answered costs nothing (unless the policy bills the customer's own leg), and neither does
    one so short that the answer was a false one.
    """
    price = call.price
    a_seconds = min(call.leg_a_seconds or 0, price.leg_a_limit_seconds(call.max_seconds))
    b_seconds = min(call.leg_b_seconds or 0, call.max_seconds)
    answered = call.leg_b_status == "completed" and b_seconds > 0
    if answered and b_seconds < settings.FALSE_ANSWER_SECONDS:
        return Charge(a_seconds, b_seconds, 0, 0, is_false_answer=True)
    if answered:
        own, far = price.leg_a.cost_micros(a_seconds), price.leg_b.cost_micros(b_seconds)
        return Charge(a_seconds, b_seconds, own, far)
    own = price.leg_a.cost_micros(a_seconds) if settings.CHARGE_UNANSWERED_CALLS else 0
    return Charge(a_seconds, 0, own, 0)


def settle_if_ended(call: Call) -> bool:
    """Settles a call whose facts are complete. Returns whether this was what settled it."""
    if call.settled_at is not None or not is_accountable(call):
        return False
    was_first = settle(call)
    call.refresh_from_db()
    return was_first


def settle(call: Call) -> bool:
    """Bills the call and gives back the rest of its hold; a repetition finds it done."""
    charge = charge_of(call)
    reason = Call.EndReason.FALSE_ANSWER if charge.is_false_answer else call.end_reason
    with transaction.atomic():
        if not _close(call, charge, end_reason=reason):
            return False
        _collect(call, charge)
    logger.info("call settled", extra={"call": call.public_id, "state": call.state})
    return True


def write_off(call: Call, *, end_reason: str) -> bool:
    """Ends a call that never was, or of which nothing can be learned: it costs nothing."""
    now = timezone.now()
    with transaction.atomic():
        changed = Call.objects.filter(pk=call.pk, settled_at=None, version=call.version)
        state = call.state if call.has_ended else Call.State.FAILED
        if not changed.update(
            state=state,
            end_reason=end_reason,
            ended_at=call.ended_at or now,
            settled_at=now,
            leg_a_cost_micros=0,
            leg_b_cost_micros=0,
            reconcile_after=None,
            # The request may be made again: nothing came of this one.
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
    open_call = Call.objects.filter(pk=call.pk, settled_at=None)
    closed = open_call.update(
        settled_at=now,
        ended_at=call.ended_at or now,
        answered_at=_answered_at(call, charge, now),
        end_reason=end_reason,
        leg_a_cost_micros=charge.leg_a_micros,
        leg_b_cost_micros=charge.leg_b_micros,
        reconcile_after=now + ASK_PRICE_AFTER if call.leg_a_sid else None,
        reconcile_count=0,
        version=F("version") + 1,
    )
    return closed == 1


def _answered_at(call: Call, charge: Charge, now: datetime) -> datetime | None:
    """When B answered; counted back from the end where the event of the answer was lost."""
    if call.answered_at is not None or not charge.leg_b_seconds:
        return call.answered_at
    return (call.ended_at or now) - timedelta(seconds=charge.leg_b_seconds)


def _collect(call: Call, charge: Charge) -> None:
    transfer = capture_hold(
        key=call.hold_key,
        amount_micros=charge.total_micros,
        description=f"Call to {mask(call.to_e164)}: {_arithmetic(call, charge)}",
        reference=call.public_id,
    )
    paid_micros = -transfer.amount_micros if transfer else 0
    if paid_micros < charge.total_micros:
        # The hold had run out and its money was spent: the receipt says what was paid.
        far = min(charge.leg_b_micros, paid_micros)
        Call.objects.filter(pk=call.pk).update(
            leg_a_cost_micros=paid_micros - far, leg_b_cost_micros=far
        )


def _arithmetic(call: Call, charge: Charge) -> str:
    """What was billed of each leg, the destination first, for the statement."""
    legs = (
        (call.price.leg_b, charge.leg_b_seconds, charge.leg_b_micros),
        (call.price.leg_a, charge.leg_a_seconds, charge.leg_a_micros),
    )
    billed = [
        f"{price.billed_seconds(seconds)} s at ${format_micros(price.micros_per_minute)}"
        for price, seconds, micros in legs
        if micros
    ]
    return " + ".join(billed) + " a minute"
