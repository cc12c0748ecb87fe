"""The reason why no other phone rang, as Twilio reports it or notes it about the call.

The codes of a refused <Dial> are 13214 and 13223 to 13227 of
https://www.twilio.com/docs/api/errors; an account that may not call at all has those of the API.
"""

from contextlib import suppress
from urllib.parse import urlsplit

from mobayilo.lib.errors import ProductError
from telephony.models import Call, CallEvent
from telephony.twilio import gateway
from telephony.twilio.faults import BLOCKED_CODE, CLOSED_COUNTRY_CODES, is_operators, record_fault
from telephony.twilio.twiml import CALLER_ID_REFUSED, webhook_url

Reason = Call.EndReason
HIGH_RISK = 13225
_FETCHING = range(11_000, 12_000)  # what Twilio notes where it cannot fetch our instructions
_ABOUT_THE_NUMBER = frozenset({13223, 13224, HIGH_RISK, 13226, BLOCKED_CODE})


def reason_of(code: int | None, to_e164: str) -> Call.EndReason:
    """Return why a leg B failed that Twilio refused with a code, or that failed without one."""
    if code is None:
        return Reason.NOT_CONNECTED
    if code in CLOSED_COUNTRY_CODES:
        return Reason.COUNTRY_CLOSED
    if is_operators(code, to_e164):
        return Reason.PROVIDER_MISCONFIGURED
    return Reason.DESTINATION_BLOCKED if code in (HIGH_RISK, BLOCKED_CODE) else Reason.NOT_CONNECTED


def noted_refusal(call: Call, leg_a_sid: str) -> int | None:
    """Ask for the code with which Twilio refused the last <Dial> of a call, None without one.

    The first of two <Dial>s, whose number was not shown, has its own note.
    """
    codes = gateway.errors_of_call(leg_a_sid)
    if call.redialed_at and CALLER_ID_REFUSED in codes:
        codes.remove(CALLER_ID_REFUSED)
    others = (c for c in codes if c in _ABOUT_THE_NUMBER or is_operators(c, call.to_e164))
    return next(others, CALLER_ID_REFUSED if CALLER_ID_REFUSED in codes else None)


def reported_refusal(call: Call, leg_a_sid: str, *, code: str, has_leg: bool) -> int | None:
    """Return the code of a failed <Dial>, None if it failed without a refusal.

    Twilio may leave out the code, so its note is asked for. A <Dial> without a leg was refused; a
    note that is not there yet is most likely about the number to show.
    """
    if code.isascii() and code.isdecimal():
        return int(code[:9])
    noted = None
    with suppress(ProductError):
        noted = noted_refusal(call, leg_a_sid)
    return noted if noted is not None or has_leg else CALLER_ID_REFUSED


def code_of_unanswered_key(call: Call, leg_a_sid: str) -> int | None:
    """Return the code of Twilio's note that it got no answer of ours to the key, None without one.

    A question that was asked twice and answered each time needs no look at the notes.
    """
    if not call.is_unconfirmed or call.hangup_requested_at is not None:
        return None
    if call.events.filter(kind=CallEvent.Kind.KEY, sequence="second").exists():
        return None
    path = urlsplit(webhook_url(call, "key")).path
    with suppress(ProductError):
        for note in gateway.notes_of_call(leg_a_sid):
            # A report that did not reach us is noted too, and ends no call.
            if note.code in _FETCHING and urlsplit(note.url).path in ("", path):
                return note.code
    return None


def record_refusal(call: Call, code: int | None) -> None:
    """Name a refusal to the operator if only the operator can end it."""
    if code is not None and is_operators(code, call.to_e164):
        record_fault(code, what="dial the other phone", e164=call.to_e164)
