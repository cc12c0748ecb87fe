"""Asking Twilio to ring, and finding out what it did when its answer was lost."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from mobayilo.lib.circuit import Circuit
from mobayilo.lib.errors import ProductError
from telephony.calls.hangup import end_if_requested
from telephony.calls.progress import LegReport, apply_report
from telephony.calls.settlement import write_off
from telephony.models import Call
from telephony.twilio import gateway
from telephony.twilio.gateway import OutcomeUnknownError, ProviderCall
from telephony.twilio.twiml import webhook_url

logger = logging.getLogger(__name__)
CARRIER = Circuit("twilio-calls", "phone carrier")

# A request that places a call may be under way at Twilio for this long.
PLACING_TAKES = timedelta(seconds=30)
# The customer's own phone rings this long, as an ordinary phone does.
OWN_RING_SECONDS = 60
# Twilio may report an end late; after this much more, silence means that nothing will come.
REPORTS_LATE_BY = timedelta(minutes=10)
# A call that lasts is asked after this often, in case its end was lost.
ASK_EVERY = timedelta(minutes=5)
# The first number that Twilio rings is the customer's own, so these are not about the destination.
_OF_OWN_PHONE = ("number_unreachable", "destination_blocked")
MAY_RING_HINT = (
    "Your phone may ring all the same. Repeated with its Idempotency-Key, it rings once."
)


def ring(call: Call) -> Call:
    """Asks Twilio, once. What cannot be known now is looked up and never asked again."""
    try:
        with CARRIER.watch():
            placed = gateway.create_call(
                to=call.from_e164,
                twiml_url=webhook_url(call, "twiml"),
                status_url=webhook_url(call, "status", retried=True),
                ring_seconds=OWN_RING_SECONDS,
                limit_seconds=call.price.leg_a_limit_seconds(call.max_seconds),
            )
    except OutcomeUnknownError as unknown:
        logger.warning("call outcome unknown", extra={"call": call.public_id})
        if not _has_turned_up(call):
            unknown.details["call_id"] = call.public_id
            unknown.hint = MAY_RING_HINT
            raise
        return call
    except ProductError as refusal:
        give_up(call, refusal.code)
        refusal.details["call_id"] = call.public_id
        if refusal.code in _OF_OWN_PHONE:
            refusal.message = f"Your phone {call.from_e164} cannot be rung. {refusal.message}"
            refusal.hint = "Call from another phone of yours, or write to support."
        raise
    return adopt(call, placed)


def _has_turned_up(call: Call) -> bool:
    """Whether Twilio has the call after all: it says so when asked, or its webhooks did."""
    try:
        found = look_up(call).found
    except ProductError:
        found = None
    if found is not None:
        adopt(call, found)
    call.refresh_from_db()
    return call.leg_a_sid is not None


def is_past_placing(call: Call) -> bool:
    """Whether no request to place the call can be under way any more."""
    return call.created_at < timezone.now() - PLACING_TAKES


def adopt(call: Call, placed: ProviderCall) -> Call:
    """Commits that Twilio placed the call, and ends it if somebody hung up meanwhile."""
    later = timezone.now() + ASK_EVERY
    apply_report(call, LegReport("a", placed.sid, placed.status, ask_after=later))
    with suppress(ProductError):  # `reconcile_calls` asks again
        end_if_requested(call)
    return call


def give_up(call: Call, reason: str) -> bool:
    """Ends a call that Twilio never placed, unless word of it has come meanwhile."""
    call.refresh_from_db()
    return call.leg_a_sid is None and write_off(call, end_reason=reason)


@dataclass(frozen=True, slots=True)
class LookUp:
    """What Twilio has for a call whose outcome is unknown."""

    found: ProviderCall | None
    is_absent: bool  # Twilio has nothing that could be it


def look_up(call: Call) -> LookUp:
    """Finds a call by number and time, since Twilio keeps no id of ours.

    It is found only if nothing else can be meant; its webhooks, which carry our id, tell otherwise.
    """
    since = call.created_at - timedelta(seconds=5)
    placed = gateway.find_calls(to=call.from_e164, since=since)
    sids = [one.sid for one in placed]
    known = Call.objects.filter(leg_a_sid__in=sids).values_list("leg_a_sid", flat=True)
    candidates = [one for one in placed if one.sid not in set(known)]
    unknown = Call.objects.filter(from_e164=call.from_e164, leg_a_sid=None, settled_at=None)
    is_clear = len(candidates) == 1 and unknown.count() == 1
    return LookUp(candidates[0] if is_clear else None, is_absent=not candidates)


def expires_at(call: Call) -> datetime:
    """When a call must be over: the rings and its limit, with slack."""
    lasts = OWN_RING_SECONDS + call.price.leg_a_limit_seconds(call.max_seconds)
    return call.created_at + timedelta(seconds=lasts) + REPORTS_LATE_BY
