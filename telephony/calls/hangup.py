"""Ending calls from anywhere.

The request is committed first, then sent to Twilio. Where that fails, or the process dies between,
`reconcile_calls` asks again until leg A is over.
"""

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.calls.progress import ASK_MISSING_AFTER, record_answer
from telephony.calls.states import leg_has_ended
from telephony.models import Call
from telephony.twilio import gateway
from telephony.twilio.gateway import ProviderCall

_STILL_RUNNING = "The call may still be running. We go on trying; hang up again to be sure."


def hang_up(call: Call) -> Call:
    """Ends a call; one that is over already stays as it is.

    One that Twilio is just being asked to place is ended as soon as its SID is known.
    """
    if call.has_ended:
        return call
    request_hangup(Call.objects.filter(pk=call.pk), ask_at=timezone.now() + ASK_MISSING_AFTER)
    call.refresh_from_db()
    try:
        end_if_requested(call)
    except ProductError as refusal:
        if refusal.code == "provider_unavailable":
            refusal.hint = _STILL_RUNNING
        raise
    return call


def request_hangup(calls: QuerySet[Call], *, ask_at: datetime) -> int:
    """Commits that calls are to end, and when `reconcile_calls` looks whether they did."""
    return calls.filter(hangup_requested_at=None, settled_at=None).update(
        hangup_requested_at=timezone.now(),
        reconcile_after=ask_at,
        reconcile_count=0,
        version=F("version") + 1,
    )


def end_if_requested(call: Call) -> None:
    """Asks Twilio to end a call that is to end. Raises ProductError if it could not be asked."""
    is_requested = call.hangup_requested_at is not None and call.settled_at is None
    if is_requested and call.leg_a_sid is not None and not leg_has_ended(call.leg_a_status):
        record_answer(
            call, _end(call.leg_a_sid, in_progress=call.leg_a_status == "in-progress"), leg="a"
        )


def _end(sid: str, *, in_progress: bool) -> ProviderCall:
    try:
        return gateway.end_call(sid, in_progress=in_progress)
    except ProductError as refusal:
        if refusal.code != "provider_refused":
            raise
    # It was answered, or ended, since we last heard of it.
    now = gateway.fetch_call(sid)
    if now.status == "in-progress" and not in_progress:
        return gateway.end_call(sid, in_progress=True)
    return now
