"""Twilio's report about a call that registers a phone."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mobayilo.lib.ratelimits import limited
from telephony.models import Registration
from telephony.phones.registrations import record_outcome
from telephony.twilio.signed import verify_signature


@csrf_exempt
@require_POST
@limited("webhook")
def registration_status(request: HttpRequest, registration_id: str) -> HttpResponse:
    """Record the outcome. A repetition finds the registration ended and changes nothing."""
    verify_signature(request)
    found = Registration.objects.select_related("account", "user")
    registration = found.filter(public_id=registration_id).first()
    if registration is None:
        raise Http404
    record_outcome(
        registration,
        is_success=request.POST.get("VerificationStatus") == "success",
        carrier_sid=request.POST.get("OutgoingCallerIdSid", ""),
        call_status=request.POST.get("CallStatus", ""),
    )
    return HttpResponse(status=204)
