"""Calls through the computer: the token with which a page starts one, and the rule of who may.

The page is a client of Twilio's Voice SDK. It names nothing but the call: number, shown number and
limits come from the row that was checked, priced and held before
(https://www.twilio.com/docs/voice/sdks/javascript/best-practices).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.calls.place import STARTS_WITHIN
from telephony.models import Call
from telephony.twilio import gateway

# A page asks for another token while the call lasts, so none lives longer than this.
TOKEN_LIVES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class VoiceToken:
    """A token of Twilio's Voice SDK that can start one call, and no other."""

    secret: str
    identity: str
    expires_at: datetime
    gateway: str  # the address that the Voice SDK connects to


def make_voice_token(call: Call) -> VoiceToken:
    """Return a token for a call that waits for its page, or that its page has started.

    Raise `call_not_waiting` for any other call.
    """
    goes_on = call.is_through_computer and bool(call.leg_a_sid) and not call.has_ended
    if not is_waiting(call) and not goes_on:
        raise ProductError("call_not_waiting", "This call cannot be started any more.")
    expires_at = timezone.now() + TOKEN_LIVES
    secret = gateway.voice_token(
        identity=call.public_id, lives_seconds=int(TOKEN_LIVES.total_seconds())
    )
    return VoiceToken(secret, call.public_id, expires_at, voice_gateway())


def sandbox_host() -> str:
    """Return the host and port of the sandbox where that plays Twilio, or nothing."""
    return urlsplit(settings.TWILIO_API_URL).netloc if settings.IS_LOCAL else ""


def voice_gateway() -> str:
    """Return the address that the Voice SDK connects to."""
    host = sandbox_host()
    return f"ws://{host}" if host else "wss://voice-js.roaming.twilio.com"


def is_waiting(call: Call) -> bool:
    """Report whether a page may still start a call."""
    return (
        call.is_through_computer
        and call.leg_a_sid is None
        and call.hangup_requested_at is None
        and not call.has_ended
        and call.created_at > timezone.now() - STARTS_WITHIN
    )


def client_may_talk(call: Call, *, sid: str, caller: str, application_sid: str) -> bool:
    """Report whether a client is the one that a call waits for, or that has started it already.

    Twilio asks again with the same SID when our answer was lost.
    """
    is_its_client = call.is_through_computer and caller == f"client:{call.public_id}"
    if not is_its_client or application_sid != settings.TWILIO_TWIML_APP_SID:
        return False
    return call.leg_a_sid == sid if call.leg_a_sid else is_waiting(call)
