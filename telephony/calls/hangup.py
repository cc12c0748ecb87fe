"""Ending calls, whether a customer, support or a freeze requests it.

The request is committed first, then sent to Twilio. Where that fails, or the process dies between,
`reconcile_calls` asks again until both legs have ended.
"""

from contextlib import suppress
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from mobayilo.lib.errors import Hints, ProductError
from telephony.calls.progress import (
    ASK_MISSING_AFTER,
    LegReport,
    Source,
    record_answer,
    record_event,
)
from telephony.calls.settlement import write_off
from telephony.calls.states import NEVER_DIALLED, is_known, leg_has_ended
from telephony.models import Call, CallEvent
from telephony.twilio import gateway
from telephony.twilio.gateway import ProviderCall


def hang_up(call: Call) -> Call:
    """End a call; a call that has ended stays as it is.

    A call that Twilio is being asked to place is ended as soon as its SID is known, and a call that
    no computer has started yet at once.
    """
    if call.has_ended:
        return call
    request_hangup(Call.objects.filter(pk=call.pk), ask_at=timezone.now() + ASK_MISSING_AFTER)
    call.refresh_from_db()
    is_waiting = call.is_through_computer and call.leg_a_sid is None
    if is_waiting:
        if write_off(call, end_reason=Call.EndReason.HUNG_UP):
            return call
        call.refresh_from_db()  # a computer has started it meanwhile
    try:
        end_if_requested(call)
    except ProductError as refusal:
        if refusal.code == "provider_unavailable":
            refusal.hints = Hints(
                "The call may still be running. We keep trying; hang up again to be sure."
            )
        raise
    return call


def request_hangup(calls: QuerySet[Call], *, ask_at: datetime) -> int:
    """Commit that calls are to end, and when `reconcile_calls` checks that they did.

    Return the number of calls that had no such request.
    """
    return calls.filter(hangup_requested_at=None, settled_at=None).update(
        hangup_requested_at=timezone.now(),
        reconcile_after=ask_at,
        reconcile_count=0,
        version=F("version") + 1,
    )


def end_if_requested(call: Call) -> None:
    """End the legs of a call with a request to hang up. Raise ProductError if Twilio fails."""
    if call.hangup_requested_at is not None and call.settled_at is None:
        end_legs(call)


def end_legs(call: Call) -> None:
    """Have Twilio end leg A and then leg B, and record how both ended.

    Raise ProductError if leg A may go on. Leg B ends with leg A, so it may stay unknown for now.
    """
    if call.leg_a_sid is None:
        return
    if not leg_has_ended(call.leg_a_status):
        record_answer(call, _end_leg(call.leg_a_sid, call.leg_a_status), leg="a")
    if call.bridged_at is None or call.settled_at is not None:
        return
    with suppress(ProductError):  # `reconcile_calls` asks again
        children = gateway.find_children(call.leg_a_sid)
        for child in children:
            has_ended = is_known(child.status) and leg_has_ended(child.status)
            ended = child if has_ended else _end_leg(child.sid, child.status)
            record_answer(call, ended, leg="b")
        # Without a leg B none comes any more, since leg A has ended.
        if not children and not call.leg_b_status and leg_has_ended(call.leg_a_status):
            report = LegReport("b", "", NEVER_DIALLED, is_explained=True)
            source = Source(CallEvent.Kind.POLL, call.leg_a_sid, "no children", NEVER_DIALLED)
            record_event(call, source=source, reports=[report])


def _end_leg(sid: str, status: str) -> ProviderCall:
    """End a leg that had a status when it was last seen. Return the leg as it is afterwards."""
    in_progress = status == "in-progress"
    try:
        return gateway.end_call(sid, in_progress=in_progress)
    except ProductError as refusal:
        if refusal.code != "provider_refused":
            raise
    # The leg was answered, or ended, since then.
    answer = gateway.fetch_call(sid)
    if answer.status == "in-progress" and not in_progress:
        return gateway.end_call(sid, in_progress=True)
    return answer
