"""Twilio calling us: verify the signature, store the event once, apply it.

A signature has no time and no number of its own, so it can be replayed for ever; what makes a
replay harmless is that each event is stored under a unique key.
"""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import wraps

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.ledger import is_held
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited
from telephony.calls.progress import LegReport, Source, record_event
from telephony.calls.states import is_known
from telephony.models import Call, CallEvent
from telephony.twilio import gateway, twiml

# Fields that an event keeps; Twilio may add others without notice.
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
    "ParentCallSid",
    "SequenceNumber",
    "SipResponseCode",
    "Timestamp",
)

SID_CHARACTERS = 34

Handler = Callable[[HttpRequest, Call], HttpResponse]


def signed_by_twilio(handler: Handler) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Lets only Twilio in, and finds the call that the address names."""

    @csrf_exempt
    @require_POST
    @limited("webhook")
    @wraps(handler)
    def view(request: HttpRequest, call_id: str) -> HttpResponse:
        # The address that Twilio was given, which behind a proxy is not the one we see.
        url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
        signature = request.headers.get("X-Twilio-Signature", "")
        if not gateway.is_signed(url=url, parameters=request.POST, signature=signature):
            raise ProductError("bad_signature", "This did not come from Twilio.")
        if any(_is_unstorable(name, value) for name, value in request.POST.items()):
            raise ProductError("invalid_request", "A field cannot be read.")
        call = Call.objects.filter(public_id=call_id).first()
        if call is None:
            raise Http404
        return handler(request, call)

    return view


def _is_unstorable(name: str, value: object) -> bool:
    """Whether a column would refuse it: a SID of another length than Twilio's, or a NUL."""
    text = str(value)
    return "\x00" in text or (name.endswith("Sid") and len(text) > SID_CHARACTERS)


@signed_by_twilio
def call_twiml(request: HttpRequest, call: Call) -> HttpResponse:
    """The customer picked up: bridge, but only while the call and its hold are live."""
    sid = request.POST.get("CallSid", "")
    if not sid or not _may_bridge(call, sid):
        return _xml(twiml.end())
    return _xml(twiml.bridge(call))


def _may_bridge(call: Call, sid: str) -> bool:
    """Commits the bridge before it is told. A second call of the same id is never bridged."""
    with transaction.atomic():
        source = Source(CallEvent.Kind.TWIML, sid, "answered", "in-progress", {"CallSid": sid})
        record_event(call, source=source, reports=[LegReport("a", sid, "in-progress")])
        live = Call.objects.filter(
            pk=call.pk,
            leg_a_sid=sid,
            settled_at=None,
            hangup_requested_at=None,
            account__frozen_at=None,
        ).exclude(state__in=Call.ENDED_STATES)
        if not is_held(call.hold_key):
            return False
        call.refresh_from_db()
        if call.bridged_at is not None:
            return live.exists()  # Twilio asks again when our answer was lost
        return live.update(bridged_at=timezone.now(), version=F("version") + 1) == 1


@signed_by_twilio
def call_status(request: HttpRequest, call: Call) -> HttpResponse:
    """The status of leg A, the customer's own phone."""
    report = LegReport(
        leg="a",
        sid=request.POST.get("CallSid", ""),
        status=request.POST.get("CallStatus", ""),
        seconds=_seconds(request),
        at=_timestamp(request),
    )
    return _apply(request, call, CallEvent.Kind.STATUS, report)


@signed_by_twilio
def call_child(request: HttpRequest, call: Call) -> HttpResponse:
    """The status of leg B, the destination."""
    if request.POST.get("ParentCallSid") != call.leg_a_sid:
        return HttpResponse(status=204)
    report = LegReport(
        leg="b",
        sid=request.POST.get("CallSid", ""),
        status=request.POST.get("CallStatus", ""),
        seconds=_seconds(request),
        at=_timestamp(request),
    )
    return _apply(request, call, CallEvent.Kind.CHILD, report)


@signed_by_twilio
def call_dial(request: HttpRequest, call: Call) -> HttpResponse:
    """The bridge is over. How long leg B lasted is told by the leg itself, in `CallDuration`.

    `DialCallDuration` is another count of the same: were both taken, their order would be the bill.
    """
    status = request.POST.get("DialCallStatus", "")
    if request.POST.get("CallSid") == call.leg_a_sid:
        report = LegReport(
            leg="b",
            sid=request.POST.get("DialCallSid", ""),
            status=status,
            at=timezone.now(),
        )
        _apply(request, call, CallEvent.Kind.DIAL, report)
    return _xml(twiml.end(status))


def _apply(
    request: HttpRequest, call: Call, kind: CallEvent.Kind, report: LegReport
) -> HttpResponse:
    if not report.sid or not is_known(report.status) or not report.status:
        return HttpResponse(status=204)
    payload = {name: request.POST[name] for name in STORED_FIELDS if name in request.POST}
    sequence = request.POST.get("SequenceNumber") or report.status
    source = Source(kind, report.sid, sequence, report.status, payload)
    record_event(call, source=source, reports=[report])
    return HttpResponse(status=204)


def _seconds(request: HttpRequest) -> int | None:
    text = request.POST.get("CallDuration", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _timestamp(request: HttpRequest) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(request.POST.get("Timestamp", ""))
    except ValueError:
        return None
    return sent_at if sent_at.tzinfo else None


def _xml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")
