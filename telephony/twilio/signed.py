"""Verification of a request that Twilio signed, before anything in it is believed."""

from django.conf import settings
from django.http import HttpRequest

from mobayilo.lib.errors import ProductError
from telephony.twilio import gateway

SID_CHARACTERS = 34


def verify_signature(request: HttpRequest) -> None:
    """Raise `bad_signature`, or `invalid_request` for a field that no column takes."""
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
