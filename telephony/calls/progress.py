"""The reports of Twilio about a call, applied once each, in whatever order they come.

Facts only ever advance, and an update is filtered by the version that was read, so that two events
at once cannot lose a fact of each other.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from telephony.calls.settlement import settle_if_ended
from telephony.calls.states import (
    UNEXPLAINED,
    is_known,
    leg_has_ended,
    more_advanced,
    state_of,
)
from telephony.models import Call, CallEvent
from telephony.twilio.gateway import ProviderCall

# Once a leg has ended and the rest was not reported by then, Twilio is asked.
ASK_MISSING_AFTER = timedelta(seconds=10)
MAX_ATTEMPTS = 50
# The columns of a call that a report can change.
_REPORTED_FIELDS = [
    *(f"leg_{leg}_{name}" for leg in "ab" for name in ("sid", "status", "seconds", "paid_micros")),
    "number_refusals",
    "dial_error",
    "state",
    "end_reason",
    "answered_at",
    "ended_at",
    "reconcile_after",
]


@dataclass(frozen=True, slots=True)
class LegReport:
    """The news of one leg."""

    leg: Literal["a", "b"]
    sid: str
    status: str
    seconds: int | None = None
    price_micros: int | None = None
    at: datetime | None = None
    ask_after: datetime | None = None  # when to ask for news, while the call lasts
    caller: str = ""  # the number that the leg shows, where the report names it
    is_explained: bool = False  # whether the report knows why a leg failed
    is_number_refused: bool = False
    error_code: int | None = None  # why no <Dial> was carried out


@dataclass(frozen=True, slots=True)
class Source:
    """The origin of a report; stored once by kind, SID and sequence."""

    kind: CallEvent.Kind
    call_sid: str
    sequence: str
    status: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def record_event(call: Call, *, source: Source, reports: list[LegReport]) -> bool:
    """Store an event and apply its reports. Return False if the event was stored before."""
    with transaction.atomic():
        if not _store(call, source):
            return False
        for report in reports:
            apply_report(call, report)
    return True


def record_answer(
    call: Call, answer: ProviderCall, *, leg: str, error_code: int | None = None
) -> None:
    """Store an answer of Twilio to a request of ours, and apply it."""
    report = LegReport(
        "a" if leg == "a" else "b", answer.sid, answer.status, answer.seconds, answer.price_micros,
        caller=answer.caller, error_code=error_code,
    )  # fmt: skip
    # The sequence names all that can be new, so an answer with nothing new is stored once.
    seconds = "" if answer.seconds is None else answer.seconds
    priced = "" if answer.price_micros is None else "priced"
    sequence = f"{answer.status} {seconds} {priced}".strip()
    source = Source(CallEvent.Kind.POLL, answer.sid, sequence, answer.status, {"leg": leg})
    if not record_event(call, source=source, reports=[report]):
        call.refresh_from_db()


def _store(call: Call, source: Source) -> bool:
    """Insert the event. Of two deliveries of one event, one finds the row of the other."""
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
    """Merge a report into the call, derive its state, and settle it once all is known.

    Return `call` as it is in the database afterwards.
    """
    with transaction.atomic():
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                call.refresh_from_db()
            if changes := _changes(call, report):
                read_version = call.version
                call.version += 1
                unchanged = Call.objects.filter(pk=call.pk, version=read_version)
                if not unchanged.update(**changes, version=call.version):
                    continue
            settle_if_ended(call)
            return call
    raise RuntimeError(f"{call.public_id} changed under every attempt")


def _changes(call: Call, report: LegReport) -> dict[str, Any]:
    """Set the news of a report on `call` and return them, empty if there are none."""
    if not is_known(report.status) or not _is_its_leg(call, report):
        return {}
    before = {name: getattr(call, name) for name in _REPORTED_FIELDS}
    leg = f"leg_{report.leg}"
    if report.price_micros is not None:
        setattr(call, f"{leg}_paid_micros", report.price_micros)
    if call.settled_at is None:
        if report.sid:
            setattr(call, f"{leg}_sid", report.sid)
        status = report.status
        if report.leg == "b" and status == "failed" and not report.is_explained:
            status = UNEXPLAINED
        if report.is_number_refused:
            call.number_refusals = 1 if call.redialed_at is None else 2
        if report.error_code is not None:
            call.dial_error = report.error_code
        setattr(call, f"{leg}_status", more_advanced(getattr(call, f"{leg}_status"), status))
        if report.ask_after is not None and call.hangup_requested_at is None:
            call.reconcile_after = report.ask_after
        if report.seconds is not None and getattr(call, f"{leg}_seconds") is None:
            setattr(call, f"{leg}_seconds", report.seconds)
        _advance(call, report)
    after = {name: getattr(call, name) for name in _REPORTED_FIELDS}
    return {name: value for name, value in after.items() if value != before[name]}


def _is_its_leg(call: Call, report: LegReport) -> bool:
    """Report whether a report is about the known leg of the call, or about a leg not known yet.

    A call that was written off takes no leg any more, and no call takes the leg of another. After a
    second <Dial> nothing counts that is reported of the first.
    """
    if report.leg == "b" and call.redialed_at and report.caller == call.from_e164:
        return False
    known_sid = call.leg_a_sid if report.leg == "a" else call.leg_b_sid
    if known_sid is not None and report.sid:
        return known_sid == report.sid
    if call.settled_at is not None:
        return False
    same_leg = Q(leg_a_sid=report.sid) | Q(leg_b_sid=report.sid)
    return not (report.sid and Call.objects.exclude(pk=call.pk).filter(same_leg).exists())


def _advance(call: Call, report: LegReport) -> None:
    """Derive state and instants of `call` from its legs, and when Twilio is asked next."""
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
