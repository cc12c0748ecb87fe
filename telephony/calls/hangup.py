"""Ending calls, whether a customer, support or a freeze requests it.

The request is committed first, then sent to Twilio. Where that fails, or the process dies between,
`reconcile_calls` asks again until leg A has ended.
"""

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from mobayilo.lib.errors import Hints, ProductError
from telephony.calls.progress import ASK_MISSING_AFTER, record_answer
from telephony.calls.states import leg_has_ended
from telephony.models import Call
from telephony.twilio import gateway


def hang_up(call: Call) -> Call:
    """End a call; a call that has ended stays as it is.

    A call that Twilio is being asked to place is ended as soon as its SID is known.
    """
    if call.has_ended:
        return call
    request_hangup(Call.objects.filter(pk=call.pk), ask_at=timezone.now() + ASK_MISSING_AFTER)
    call.refresh_from_db()
    try:
        end_if_requested(call)
    except ProductError as refusal:
        if refusal.code == "provider_unavailable":
            refusal.hints = Hints(
                "The call may still be running. We go on trying; hang up again to be sure."
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
    """Have Twilio end a call with a request to hang up. Raises ProductError if Twilio fails."""
    is_requested = call.hangup_requested_at is not None and call.settled_at is None
    if not is_requested or call.leg_a_sid is None or leg_has_ended(call.leg_a_status):
        return
    in_progress = call.leg_a_status == "in-progress"
    try:
        answer = gateway.end_call(call.leg_a_sid, in_progress=in_progress)
    except ProductError as refusal:
        if refusal.code != "provider_refused":
            raise
        # The call was answered, or ended, since its last report.
        answer = gateway.fetch_call(call.leg_a_sid)
        if answer.status == "in-progress" and not in_progress:
            answer = gateway.end_call(call.leg_a_sid, in_progress=True)
    record_answer(call, answer, leg="a")
