"""Finishing what webhooks and crashes left open, by asking Twilio.

Each call says itself when it wants to be looked at (`reconcile_after`). A run claims it by moving
that on, so any number of runs may go on at once.
"""

import logging
from collections import Counter
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.calls.hangup import end_if_requested, request_hangup
from telephony.calls.place import (
    ASK_EVERY,
    adopt,
    expires_at,
    give_up,
    is_past_placing,
    look_up,
)
from telephony.calls.progress import LegReport, apply_report, record_answer
from telephony.calls.settlement import settle_if_ended, write_off
from telephony.calls.states import NEVER_DIALLED, leg_has_ended
from telephony.models import Call
from telephony.twilio import gateway
from telephony.twilio.gateway import NoSuchThingError

logger = logging.getLogger(__name__)

# A run that claimed a call and died is overtaken after this.
CLAIM_LASTS = timedelta(minutes=2)
RETRY_AFTER = timedelta(seconds=10)
MAX_PRICE_TRIES = 12  # over about three days, at growing distances
# An outage is not asked about call by call.
MAX_FAILURES_IN_A_ROW = 3


def reconcile_due(*, limit: int = 500) -> Counter[str]:
    """Looks at every call whose time has come. Returns what became of them, counted."""
    outcomes: Counter[str] = Counter()
    if ended := end_calls_of_frozen_accounts():
        outcomes["ended"] = ended
    due = Call.objects.filter(reconcile_after__lte=timezone.now()).order_by("reconcile_after")
    failures = 0
    for call in due[:limit]:
        if not _claim(call):
            continue
        outcome = _try(call)
        outcomes[outcome] += 1
        failures = failures + 1 if outcome == "unreachable" else 0
        if failures == MAX_FAILURES_IN_A_ROW:
            break
    return outcomes


def end_calls_of_frozen_accounts() -> int:
    """Has what frozen accounts still talk ended; how many calls that are.

    Freezing is an act of another room, which does not know calls, so each run looks.
    """
    running = Call.objects.filter(account__frozen_at__isnull=False)
    return request_hangup(running.exclude(state__in=Call.ENDED_STATES), ask_at=timezone.now())


def reconcile(call: Call) -> str:
    """Asks Twilio about one call and applies the answer. Raises ProductError if it is silent."""
    if call.settled_at is not None:
        return _record_prices(call)
    if call.leg_a_sid is None:
        return _find(call)
    _ask_legs(call)
    end_if_requested(call)
    if settle_if_ended(call) or call.settled_at is not None:
        return "settled"
    return _close_if_silent(call)


def _claim(call: Call) -> bool:
    mine = Call.objects.filter(pk=call.pk, reconcile_after=call.reconcile_after)
    return mine.update(reconcile_after=timezone.now() + CLAIM_LASTS) == 1


def _try(call: Call) -> str:
    try:
        outcome = reconcile(call)
    except ProductError as refusal:
        logger.warning("call not reconciled", extra={"call": call.public_id, "code": refusal.code})
        outcome = "unreachable"
        call.refresh_from_db()
        if call.settled_at is None and expires_at(call) < timezone.now():
            outcome = _close_if_silent(call)
    _ask_again(call)
    return outcome


def _find(call: Call) -> str:
    """Twilio was asked, or was about to be, and then nothing more was heard."""
    seen = look_up(call)
    if seen.found is not None:
        adopt(call, seen.found)
        return "found"
    if seen.is_absent and is_past_placing(call) and give_up(call, Call.EndReason.NOT_PLACED):
        return "not placed"
    return _close_if_silent(call)


def _ask_legs(call: Call) -> None:
    if call.leg_a_sid is None:
        return
    try:
        record_answer(call, gateway.fetch_call(call.leg_a_sid), leg="a")
    except NoSuchThingError:
        return
    if call.bridged_at is None or call.settled_at is not None:
        return
    children = gateway.find_children(call.leg_a_sid)
    for child in children:
        record_answer(call, child, leg="b")
    if not children and leg_has_ended(call.leg_a_status) and not call.leg_b_status:
        # The customer hung up between being told the minutes and being bridged.
        apply_report(call, LegReport("b", "", NEVER_DIALLED))


def _close_if_silent(call: Call) -> str:
    """Past its time limit and slack, nothing more will come: the hold goes back."""
    call.refresh_from_db()
    if call.settled_at is None and expires_at(call) < timezone.now():
        write_off(call, end_reason=Call.EndReason.NO_NEWS)
        return "closed"
    return "waiting"


def _record_prices(call: Call) -> str:
    """Twilio's own price of each leg, which comes some time after the call."""
    for leg, sid in _unpriced_legs(call):
        try:
            record_answer(call, gateway.fetch_call(sid), leg=leg)
        except NoSuchThingError:
            continue
    return "waiting for the price" if _unpriced_legs(call) else "priced"


def _unpriced_legs(call: Call) -> list[tuple[str, str]]:
    """Legs that Twilio will bill; those that nobody answered have no price."""
    legs = [
        ("a", call.leg_a_sid, call.leg_a_seconds, call.leg_a_paid_micros),
        ("b", call.leg_b_sid, call.leg_b_seconds, call.leg_b_paid_micros),
    ]
    return [(leg, sid) for leg, sid, seconds, paid in legs if sid and seconds and paid is None]


def _ask_again(call: Call) -> None:
    """When to look at the call next, if at all: sooner while something of it is missing."""
    call.refresh_from_db()
    count = min(call.reconcile_count, 10)
    if call.settled_at is not None:
        done = not _unpriced_legs(call) or call.reconcile_count >= MAX_PRICE_TRIES
        wait = None if done else timedelta(minutes=2**count)
    elif _is_pressing(call):
        wait = min(RETRY_AFTER * 2**count, ASK_EVERY)
    else:
        wait = ASK_EVERY
    Call.objects.filter(pk=call.pk, version=call.version).update(
        reconcile_after=None if wait is None else timezone.now() + wait,
        reconcile_count=F("reconcile_count") + 1,
    )


def _is_pressing(call: Call) -> bool:
    """Whether news of the call are due: it is being placed, or to end, or some of it is over."""
    if call.leg_a_sid is None or call.hangup_requested_at is not None:
        return True
    return leg_has_ended(call.leg_a_status) or leg_has_ended(call.leg_b_status)
