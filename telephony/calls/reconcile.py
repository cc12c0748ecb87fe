"""Finishing calls that webhooks or crashes left open, by asking Twilio.

Each call has the instant of its next look (`reconcile_after`). A run claims a call by moving that
instant on, so any number of runs may go on at once.
"""

import logging
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.calls.hangup import end_if_requested, end_legs, request_hangup
from telephony.calls.place import (
    ASK_EVERY,
    adopt,
    expires_at,
    give_up,
    is_past_placing,
    look_up,
    why_not_placed,
)
from telephony.calls.progress import LegReport, Source, record_answer, record_event
from telephony.calls.refusals import code_of_unanswered_key, noted_refusal, record_refusal
from telephony.calls.settlement import settle_if_ended, write_off
from telephony.calls.states import NEVER_DIALLED, UNEXPLAINED, is_known, leg_has_ended
from telephony.models import Call, CallEvent
from telephony.twilio import gateway
from telephony.twilio.gateway import UnknownSidError
from telephony.twilio.twiml import CALLER_ID_REFUSED

logger = logging.getLogger(__name__)

# After this a call that a run claimed is open to other runs, in case that run died.
CLAIM_LASTS = timedelta(minutes=2)
RETRY_AFTER = timedelta(seconds=10)
MAX_PRICE_TRIES = 12  # over about three days, at growing distances
# After so many failures Twilio has an outage, and a run stops asking call by call.
MAX_FAILURES_IN_A_ROW = 3


def reconcile_due(*, limit: int = 500) -> Counter[str]:
    """Look at every call whose time has come. Return the outcomes, counted."""
    outcomes: Counter[str] = Counter()
    if ended := end_calls_of_frozen_accounts():
        outcomes["ended"] = ended
    due = Call.objects.filter(reconcile_after__lte=timezone.now()).order_by("reconcile_after")
    failures = 0
    for call in due[:limit]:
        unclaimed = Call.objects.filter(pk=call.pk, reconcile_after=call.reconcile_after)
        if not unclaimed.update(reconcile_after=timezone.now() + CLAIM_LASTS):
            continue
        try:
            outcome = reconcile(call)
        except ProductError as refusal:
            facts = {"call": call.public_id, "code": refusal.code}
            logger.warning("call not reconciled", extra=facts)
            outcome = "closed" if _close_if_silent(call) == "closed" else "unreachable"
        _schedule_next_look(call)
        outcomes[outcome] += 1
        failures = failures + 1 if outcome == "unreachable" else 0
        if failures == MAX_FAILURES_IN_A_ROW:
            break
    return outcomes


def end_calls_of_frozen_accounts() -> int:
    """Request the end of every call of a frozen account. Return the number of calls.

    Accounts are frozen in an app that does not know calls, so each run looks for them.
    """
    running = Call.objects.filter(account__frozen_at__isnull=False)
    return request_hangup(running.exclude(state__in=Call.ENDED_STATES), ask_at=timezone.now())


def reconcile(call: Call) -> str:
    """Ask Twilio about one call and apply the answers. Raise ProductError if Twilio is silent."""
    if call.settled_at is not None:
        # Twilio reports its own price of each leg some time after the call.
        for leg, sid in _unpriced_legs(call):
            with suppress(UnknownSidError):
                record_answer(call, gateway.fetch_call(sid), leg=leg)
        return "waiting for the price" if _unpriced_legs(call) else "priced"
    if call.leg_a_sid is None:
        # Twilio was asked to place the call, or was about to be, and no answer was stored.
        seen = look_up(call)
        if seen.found is not None:
            adopt(call, seen.found)
            return "found"
        if seen.is_absent and is_past_placing(call) and give_up(call, why_not_placed(call)):
            return "not placed"
        return _close_if_silent(call)
    _ask_about_legs(call, call.leg_a_sid)
    end_if_requested(call)
    if settle_if_ended(call) or call.settled_at is not None:
        return "settled"
    return _close_if_silent(call)


def _ask_about_legs(call: Call, leg_a_sid: str) -> None:
    """Record what Twilio knows of both legs, and why leg B never rang."""
    try:
        answer = gateway.fetch_call(leg_a_sid)
    except UnknownSidError:
        return
    has_ended = is_known(answer.status) and leg_has_ended(answer.status)
    code = code_of_unanswered_key(call, leg_a_sid) if has_ended else None
    record_answer(call, answer, leg="a", error_code=code)
    if call.bridged_at is None or call.settled_at is not None:
        return
    for child in gateway.find_children(leg_a_sid):
        record_answer(call, child, leg="b")
    if not leg_has_ended(call.leg_a_status) or call.leg_b_status not in ("", UNEXPLAINED):
        return
    # No phone rang: the <Dial> was refused, which is noted at leg A, or the customer hung up first.
    code = noted_refusal(call, leg_a_sid)
    has_failed = call.leg_b_status == UNEXPLAINED or code is not None
    status = "failed" if has_failed else NEVER_DIALLED
    is_number_refused = code == CALLER_ID_REFUSED
    report = LegReport(
        "b", "", status, is_explained=True, is_number_refused=is_number_refused, error_code=code
    )
    source = Source(CallEvent.Kind.POLL, leg_a_sid, "errors", status, {"error": code})
    if record_event(call, source=source, reports=[report]):
        record_refusal(call, code)


def _close_if_silent(call: Call) -> str:
    """Write the call off once it is so late that no more reports can come.

    A leg that talks even then is ended first, and billed if Twilio says for how long it talked.
    """
    call.refresh_from_db()
    if call.settled_at is not None or expires_at(call) >= timezone.now():
        return "waiting"
    was_over = leg_has_ended(call.leg_a_status)
    with suppress(ProductError):  # Twilio itself ends a leg at its limit
        end_legs(call)
    if call.settled_at is not None:
        return "settled"
    if not was_over and leg_has_ended(call.leg_a_status):
        return "waiting"  # for the seconds of the leg that was ended just now
    # A report that comes at this very moment wins, and is looked at next time.
    return "closed" if write_off(call, end_reason=Call.EndReason.NO_NEWS) else "waiting"


def _unpriced_legs(call: Call) -> list[tuple[str, str]]:
    """Return the legs that Twilio will bill; a leg that was not answered has no price."""
    legs = [
        ("a", call.leg_a_sid, call.leg_a_seconds, call.leg_a_paid_micros),
        ("b", call.leg_b_sid, call.leg_b_seconds, call.leg_b_paid_micros),
    ]
    return [(leg, sid) for leg, sid, seconds, paid in legs if sid and seconds and paid is None]


def _schedule_next_look(call: Call) -> None:
    """Set when to look at the call next, if at all, sooner while a part of it is missing."""
    call.refresh_from_db()
    count = min(call.reconcile_count, 10)
    wait: timedelta | None = ASK_EVERY
    if call.settled_at is not None:
        done = not _unpriced_legs(call) or call.reconcile_count >= MAX_PRICE_TRIES
        wait = None if done else timedelta(minutes=2**count)
    elif (
        call.leg_a_sid is None
        or call.hangup_requested_at is not None
        or leg_has_ended(call.leg_a_status)
        or leg_has_ended(call.leg_b_status)
    ):
        wait = min(RETRY_AFTER * 2**count, ASK_EVERY)
    Call.objects.filter(pk=call.pk, version=call.version).update(
        reconcile_after=None if wait is None else timezone.now() + wait,
        reconcile_count=F("reconcile_count") + 1,
    )
