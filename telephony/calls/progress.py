"""What Twilio tells of a call, applied: each thing once, in whatever order it comes.

Facts only ever advance, and the update is filtered by the version that was read, so that two
events at once cannot lose one of each other.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from telephony.calls.settlement import settle_if_ended
from telephony.calls.states import further, is_known, leg_has_ended, state_of
from telephony.models import Call, CallEvent
from telephony.twilio.gateway import ProviderCall

# When something of a call is over and the rest did not come, Twilio is asked.
ASK_MISSING_AFTER = timedelta(seconds=10)
MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class LegReport:
    """What became known of one leg."""

    leg: Literal["a", "b"]
    sid: str
    status: str
    seconds: int | None = None
    price_micros: int | None = None
    at: datetime | None = None
    ask_after: datetime | None = None  # when to ask for news, while the call lasts


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report came from; stored once by kind, SID and sequence."""

    kind: CallEvent.Kind
    call_sid: str
    sequence: str
    status: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def record_event(call: Call, *, source: Source, reports: list[LegReport]) -> bool:
    """Stores an event and applies what it says. False if it was stored before."""
    with transaction.atomic():
        if not _store(call, source):
            return False
        for report in reports:
            apply_report(call, report)
    return True


def record_answer(call: Call, answer: ProviderCall, *, leg: str) -> None:
    """Applies what Twilio answered to a question of ours."""
    report = LegReport(
        "a" if leg == "a" else "b", answer.sid, answer.status, answer.seconds, answer.price_micros
    )
    # All that can be new; what was told before is stored once.
    seconds = "" if answer.seconds is None else answer.seconds
    priced = "" if answer.price_micros is None else "priced"
    sequence = f"{answer.status} {seconds} {priced}".strip()
    source = Source(CallEvent.Kind.POLL, answer.sid, sequence, answer.status, {"leg": leg})
    if not record_event(call, source=source, reports=[report]):
        call.refresh_from_db()


def _store(call: Call, source: Source) -> bool:
    """The insert decides: of two deliveries of one event, one finds the other's row."""
    try:
        with transaction.atomic():
            CallEvent.objects.create(
                call=call,
                kind=source.kind,
                call_sid=source.call_sid,
                sequence=source.sequence[:20],
                status=source.status[:12],
                payload=source.payload,
            )
    except IntegrityError:
        return False
    return True


def apply_report(call: Call, report: LegReport) -> Call:
    """Merges a report into the call, derives its state, and settles it when all is known.

    `call` is as it is in the database afterwards.
    """
    with transaction.atomic():
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                call.refresh_from_db()
            changes = _changes(call, report)
            if not changes or _update(call, changes):
                settle_if_ended(call)
                return call
    raise RuntimeError(f"{call.public_id} changed under every attempt")


def _update(call: Call, changes: dict[str, Any]) -> bool:
    """Writes the changes, which `call` has already, if nobody was faster."""
    seen = call.version
    call.version = seen + 1
    return (
        Call.objects.filter(pk=call.pk, version=seen).update(**changes, version=call.version) == 1
    )


def _changes(call: Call, report: LegReport) -> dict[str, Any]:
    """Sets what is new on `call` and returns it; empty when the report says nothing new."""
    if not is_known(report.status) or not _is_its_leg(call, report):
        return {}
    before = {name: getattr(call, name) for name in _FIELDS}
    leg = f"leg_{report.leg}"
    if report.price_micros is not None:
        setattr(call, f"{leg}_paid_micros", report.price_micros)
    if call.settled_at is None:
        _merge(call, leg, report)
    return {name: getattr(call, name) for name in _FIELDS if getattr(call, name) != before[name]}


def _merge(call: Call, leg: str, report: LegReport) -> None:
    if report.sid:
        setattr(call, f"{leg}_sid", report.sid)
    setattr(call, f"{leg}_status", further(getattr(call, f"{leg}_status"), report.status))
    if report.ask_after is not None and call.hangup_requested_at is None:
        call.reconcile_after = report.ask_after
    if report.seconds is not None and getattr(call, f"{leg}_seconds") is None:
        setattr(call, f"{leg}_seconds", report.seconds)
    _advance(call, report)


_FIELDS = [
    *(f"leg_{leg}_{name}" for leg in "ab" for name in ("sid", "status", "seconds", "paid_micros")),
    "state",
    "end_reason",
    "answered_at",
    "ended_at",
    "reconcile_after",
]


def _is_its_leg(call: Call, report: LegReport) -> bool:
    """Whether a report is about the leg that we know, or about one that we did not know yet.

    A call that was written off takes no leg any more, and no call takes the leg of another.
    """
    known = call.leg_a_sid if report.leg == "a" else call.leg_b_sid
    if known is not None and report.sid:
        return known == report.sid
    return call.settled_at is None and not (report.sid and _is_taken(report.sid, call))


def _is_taken(sid: str, call: Call) -> bool:
    others = Call.objects.exclude(pk=call.pk)
    return others.filter(Q(leg_a_sid=sid) | Q(leg_b_sid=sid)).exists()


def _advance(call: Call, report: LegReport) -> None:
    now = timezone.now()
    if report.leg == "b" and report.status == "in-progress" and call.answered_at is None:
        call.answered_at = report.at or now
    had_ended = call.has_ended
    call.state, call.end_reason = state_of(call)
    if call.has_ended and not had_ended:
        call.ended_at = report.at or now
    if leg_has_ended(call.leg_a_status) or leg_has_ended(call.leg_b_status):
        soon = now + ASK_MISSING_AFTER
        if call.reconcile_after is None or call.reconcile_after > soon:
            call.reconcile_after = soon
