"""Requests of Twilio to us: verify the signature, store the event once, apply it.

A signature has no time and no number of its own, so a request can be replayed for ever. A replay is
harmless because each event is stored under a unique key.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import wraps
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.ledger import is_held
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited
from telephony.calls.place import client_may_talk
from telephony.calls.progress import LegReport, Source, apply_report, record_event
from telephony.calls.refusals import code_of_unanswered_key, record_refusal, reported_refusal
from telephony.calls.states import is_known
from telephony.models import Call, CallEvent, Registration
from telephony.phones.registrations import record_outcome
from telephony.twilio import gateway, twiml

SID_CHARACTERS = 34
# The fields that an event stores; Twilio may add others without notice.
STORED_FIELDS = (
    "AnsweredBy",
    "CallDuration",
    "CallSid",
    "CallStatus",
    "DialBridged",
    "DialCallDuration",
    "DialCallSid",
    "DialCallStatus",
    "ErrorCode",
    "ErrorMessage",
    "ParentCallSid",
    "SequenceNumber",
    "SipResponseCode",
    "Timestamp",
)

Handler = Callable[..., HttpResponse]
View = Callable[..., HttpResponseBase]


def signed_by_twilio(handler: Handler) -> View:
    """Verify that Twilio signed the request, before anything in it is believed.

    Raise `bad_signature`, or `invalid_request` for a field that no column takes.
    """

    @csrf_exempt
    @require_POST
    @limited("webhook")
    @wraps(handler)
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        # Twilio signs the address that it was given; behind a proxy ours is another one.
        url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
        signature = request.headers.get("X-Twilio-Signature", "")
        if not gateway.is_signed(url=url, parameters=request.POST, signature=signature):
            raise ProductError("bad_signature", "This did not come from Twilio.")
        for name, value in request.POST.items():
            # A column refuses NUL, and a SID longer than Twilio's.
            is_long_sid = name.endswith("Sid") and len(str(value)) > SID_CHARACTERS
            if "\x00" in str(value) or is_long_sid:
                raise ProductError("invalid_request", "A field cannot be read.")
        return handler(request, **named)

    return view


def about_a_call(handler: Callable[[HttpRequest, Call], HttpResponse]) -> View:
    """Find the call that the address of a signed request names."""

    @signed_by_twilio
    @wraps(handler)
    def view(request: HttpRequest, call_id: str) -> HttpResponse:
        return handler(request, get_object_or_404(Call, public_id=call_id))

    return view


@about_a_call
def call_twiml(request: HttpRequest, call: Call) -> HttpResponse:
    """Answer the request of a customer's phone that picked up: ask for the key, or bridge at once.

    Neither happens unless the call and its hold are live.
    """
    sid = request.POST.get("CallSid", "")
    source = Source(CallEvent.Kind.TWIML, sid, "answered", "in-progress", {"CallSid": sid})
    if not call.asks_for_key:
        return _xml(twiml.bridge(call) if _may_bridge(call, source) else twiml.end())
    return _xml(twiml.ask_for_key(call) if _may_ask(call, source) else twiml.end())


@about_a_call
def call_key(request: HttpRequest, call: Call) -> HttpResponse:
    """Bridge after the right key, ask once more after another one or none, then hang up."""
    digits = request.POST.get("Digits", "")
    is_second = request.META.get("QUERY_STRING") == twiml.SECOND_QUESTION
    source = Source(
        CallEvent.Kind.KEY,
        request.POST.get("CallSid", ""),
        "second" if is_second else "first",
        "in-progress",
        _stored_fields(request) | {"Digits": digits[:1]},
    )
    if digits == twiml.KEY_TO_CALL:
        return _xml(twiml.bridge(call) if _may_bridge(call, source) else twiml.end())
    may_ask = _may_ask(call, source)
    if may_ask and not is_second:
        return _xml(twiml.ask_for_key(call, is_second=True))
    return _xml(twiml.end_unconfirmed() if may_ask else twiml.end())


def _may_ask(call: Call, source: Source) -> bool:
    """Commit that the customer is asked for the key before Twilio gets the question."""
    with transaction.atomic():
        unconfirmed = _live_answered(call, source).filter(bridged_at=None)
        unconfirmed.filter(asked_at=None).update(asked_at=timezone.now(), version=F("version") + 1)
        return unconfirmed.exists()


def _may_bridge(call: Call, source: Source) -> bool:
    """Commit the bridge before Twilio gets it. A second call of the same id is never bridged."""
    with transaction.atomic():
        live = _live_answered(call, source)
        call.refresh_from_db()
        if call.bridged_at is not None:
            return live.exists()  # Twilio asks again when our answer was lost
        if not live.update(bridged_at=timezone.now(), version=F("version") + 1):
            return False
        call.refresh_from_db()
        apply_report(call, LegReport("a", source.call_sid, "in-progress"))
        return True


def _live_answered(call: Call, source: Source) -> QuerySet[Call]:
    """Record that leg A was answered. Return a query that finds the call while it may go on."""
    if not source.call_sid:
        return Call.objects.none()
    answered = LegReport("a", source.call_sid, "in-progress")
    record_event(call, source=source, reports=[answered])
    return _live(call, source.call_sid) if is_held(call.hold_key) else Call.objects.none()


def _live(call: Call, sid: str) -> QuerySet[Call]:
    """Return a query that finds the call while it may be connected."""
    live = Call.objects.filter(
        pk=call.pk,
        leg_a_sid=sid,
        settled_at=None,
        hangup_requested_at=None,
        account__frozen_at=None,
    )
    return live.exclude(state__in=Call.ENDED_STATES)


@about_a_call
def call_status(request: HttpRequest, call: Call) -> HttpResponse:
    """Record a status of leg A, the customer's own phone.

    If the phone hung up at the question, the notes say whether we failed to answer its key.
    """
    report = _leg_report(request, "a")
    if report.status == "completed" and report.sid == call.leg_a_sid:
        report = replace(report, error_code=code_of_unanswered_key(call, report.sid))
    _record(request, call, CallEvent.Kind.STATUS, report)
    return HttpResponse(status=204)


@signed_by_twilio
def client_twiml(request: HttpRequest) -> HttpResponse:
    """Answer a client of the Voice SDK, which may have written each field of its own as it liked.

    So only the id of a call is taken from it, and that call has to wait for just this client.
    """
    sid = request.POST.get("CallSid", "")
    call = Call.objects.filter(public_id=request.POST.get("call_id", "")).first()
    if call is None or not sid:
        return _xml(twiml.reject())
    is_its_client = client_may_talk(
        call,
        sid=sid,
        caller=request.POST.get("From", ""),
        application_sid=request.POST.get("ApplicationSid", ""),
    )
    source = Source(CallEvent.Kind.TWIML, sid, "invited", "in-progress", {"CallSid": sid})
    may_talk = is_its_client and _may_bridge(call, source)
    return _xml(twiml.bridge(call) if may_talk else twiml.reject())


@signed_by_twilio
def client_status(request: HttpRequest) -> HttpResponse:
    """Record a status of leg A, the customer's computer; the address is one for every call."""
    sid = request.POST.get("CallSid", "")
    call = Call.objects.filter(leg_a_sid=sid, mode=Call.Mode.COMPUTER).first()
    if call is None:
        return HttpResponse(status=204)
    _record(request, call, CallEvent.Kind.STATUS, _leg_report(request, "a"))
    return HttpResponse(status=204)


@about_a_call
def call_child(request: HttpRequest, call: Call) -> HttpResponse:
    """Record a status of leg B, the destination."""
    if request.POST.get("ParentCallSid") != call.leg_a_sid:
        return HttpResponse(status=204)
    _record(request, call, CallEvent.Kind.CHILD, _leg_report(request, "b"))
    return HttpResponse(status=204)


@about_a_call
def call_dial(request: HttpRequest, call: Call) -> HttpResponse:
    """Record the end of the bridge, or dial once more if the number to show was refused.

    `DialCallDuration` is left out: it is a second measurement of leg B and can differ from
    `CallDuration`, so the bill would depend on which event came first.
    """
    status = request.POST.get("DialCallStatus", "")
    if request.POST.get("CallSid") != call.leg_a_sid:
        return _xml(twiml.end(status))
    is_second = request.META.get("QUERY_STRING") == twiml.SECOND_DIAL
    code = None
    if status == "failed":
        code = reported_refusal(
            call,
            request.POST["CallSid"],
            code=request.POST.get("ErrorCode", ""),
            has_leg=bool(request.POST.get("DialCallSid")),
        )
    is_refused = code == twiml.CALLER_ID_REFUSED
    if is_refused and not is_second and _may_dial_again(request, call):
        return _xml(twiml.bridge_again(call))
    if is_second == (call.redialed_at is not None):
        report = LegReport(
            leg="b",
            sid=request.POST.get("DialCallSid", ""),
            status=status,
            at=timezone.now(),
            is_explained=True,
            is_number_refused=is_refused,
            error_code=code,
        )
        if _record(request, call, CallEvent.Kind.DIAL, report):
            record_refusal(call, code)
    if call.is_through_computer:
        return _xml(twiml.end())  # the page says why, and a voice would answer the client's leg
    return _xml(twiml.end(status, is_number_refused=is_refused))


def _may_dial_again(request: HttpRequest, call: Call) -> bool:
    """Commit the second <Dial> before Twilio gets it, and forget the leg of the first.

    Twilio asks again when our answer was lost, and then gets the same answer.
    """
    # A computer's leg is answered with leg B, so it still rings when the first <Dial> is refused.
    live_statuses = ("in-progress", "ringing") if call.is_through_computer else ("in-progress",)
    if request.POST.get("CallStatus") not in live_statuses:
        return False
    with transaction.atomic():
        live = _live(call, request.POST["CallSid"]).filter(shows_own_number=True)
        if not is_held(call.hold_key) or not live.exclude(operator_e164="").exists():
            return False
        source = _source(
            request, CallEvent.Kind.DIAL, request.POST.get("DialCallSid", ""), "failed"
        )
        record_event(call, source=source, reports=[])
        live.filter(redialed_at=None).update(
            redialed_at=timezone.now(),
            number_refusals=1,
            leg_b_sid=None,
            leg_b_status="",
            leg_b_seconds=None,
            version=F("version") + 1,
        )
    call.refresh_from_db()
    return True


@signed_by_twilio
def inbound(request: HttpRequest) -> HttpResponse:
    """Answer a call to a number of the operator; `check_live` names this address for it."""
    return _xml(twiml.answer_inbound())


@signed_by_twilio
def trial(request: HttpRequest) -> HttpResponse:
    """Answer the phone that `check_live --call` rang. A replay dials nothing: only Twilio dials."""
    return _xml(twiml.trial(request.POST.get("To", "")))


@signed_by_twilio
def registration_status(request: HttpRequest, registration_id: str) -> HttpResponse:
    """Record the outcome of a call that registers a phone.

    A repetition finds the registration ended and changes nothing.
    """
    registrations = Registration.objects.select_related("account", "user")
    record_outcome(
        get_object_or_404(registrations, public_id=registration_id),
        is_success=request.POST.get("VerificationStatus") == "success",
        carrier_sid=request.POST.get("OutgoingCallerIdSid", ""),
        call_status=request.POST.get("CallStatus", ""),
    )
    return HttpResponse(status=204)


def _record(request: HttpRequest, call: Call, kind: CallEvent.Kind, report: LegReport) -> bool:
    """Record a report that says something. Return False if it says nothing new."""
    # A <Dial> that was refused has no leg, and so no SID.
    is_refused_dial = kind == CallEvent.Kind.DIAL and report.status == "failed"
    if not (report.sid or is_refused_dial) or not report.status or not is_known(report.status):
        return False
    source = _source(request, kind, report.sid, report.status)
    return record_event(call, source=source, reports=[report])


def _source(request: HttpRequest, kind: CallEvent.Kind, sid: str, status: str) -> Source:
    """Return the source of a report. Without a leg it is leg A, once for each <Dial>."""
    sequence = request.POST.get("SequenceNumber") or status
    if not sid:
        sid, sequence = request.POST["CallSid"], f"{status} {request.META.get('QUERY_STRING', '')}"
    return Source(kind, sid, sequence, status, _stored_fields(request))


def _stored_fields(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST[name] for name in STORED_FIELDS if name in request.POST}


def _leg_report(request: HttpRequest, leg: Literal["a", "b"]) -> LegReport:
    """Read a status callback. A duration or an instant that cannot be read is left out."""
    duration = request.POST.get("CallDuration", "")
    is_duration = duration.isascii() and duration.isdigit() and len(duration) < 7
    at: datetime | None = None
    with suppress(ValueError):
        at = parsedate_to_datetime(request.POST.get("Timestamp", ""))
    return LegReport(
        leg=leg,
        sid=request.POST.get("CallSid", ""),
        status=request.POST.get("CallStatus", ""),
        seconds=int(duration) if is_duration else None,
        at=at if at and at.tzinfo else None,
        caller=request.POST.get("From", ""),
    )


def _xml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")
