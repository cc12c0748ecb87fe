"""The call of `check_live --call`: the operator's phone rings, then a number of the account.

It goes the way of a customer's call, and no account is charged: Twilio rings the phone, fetches
instructions from this site, and dials the second leg with the phone as the number shown. Twilio is
then asked about both legs, and about the errors that it noted.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from django.conf import settings
from django.urls import reverse

from mobayilo.lib.errors import ProductError
from mobayilo.lib.findings import Finding, judge, right, wrong
from telephony.calls.place import OWN_RING_SECONDS
from telephony.calls.states import is_known, leg_has_ended
from telephony.twilio import gateway
from telephony.twilio.faults import remedy_of
from telephony.twilio.gateway import OutcomeUnknownError, ProviderCall
from telephony.twilio.twiml import CALLER_ID_REFUSED

PHONE, ANSWER = "Call: your phone", "Call: instructions of this site"
SECOND, SHOWN = "Call: second leg", "Call: number shown"
# The announcements, the second ring and the talk of `twiml.trial`.
LIMIT_SECONDS = 75
# Twilio rings five seconds longer than asked, and may report an end late.
LATEST_SECONDS = OWN_RING_SECONDS + LIMIT_SECONDS + 30
ASK_EVERY_SECONDS = 1.0
# Instructions that Twilio cannot fetch or read are 11xxx and 12xxx, a refused <Dial> is 132xx
# (https://www.twilio.com/docs/api/errors).
_OF_INSTRUCTIONS, _OF_DIAL = range(11_000, 13_000), range(13_210, 13_230)


def findings(e164: str, say: Callable[[str], None]) -> Iterator[Finding]:
    """Place the call, wait for its end, and yield the findings about it."""
    site = settings.PUBLIC_URL
    try:
        first_leg = gateway.create_call(
            to=e164,
            twiml_url=f"{site}{reverse('telephony:webhook-trial')}",
            ring_seconds=OWN_RING_SECONDS,
            limit_seconds=LIMIT_SECONDS,
        )
        say(f"{e164} rings: pick up, and stay on the line until the voice says goodbye.")
        leg = _wait_for_end(first_leg.sid)
    except OutcomeUnknownError as refusal:
        yield wrong(PHONE, f"{refusal.message} It may ring all the same.", "Try again in a minute.")
        return
    except ProductError as refusal:
        faults = "Telephony, Carrier Faults in the admin has Twilio's code and what to do."
        yield wrong(PHONE, f"It cannot be rung. {refusal.message}", faults)
        return
    is_answered = leg.status == "completed"
    yield judge(
        PHONE, is_answered, "answered", f"It was not answered: {leg.status}.", "Call another phone."
    )
    if is_answered:
        yield from _of_second_leg(e164, first_leg.sid)


def _wait_for_end(sid: str) -> ProviderCall:
    """Return the first leg when it has ended. Raise OutcomeUnknownError if that takes too long."""
    deadline = time.monotonic() + LATEST_SECONDS
    while time.monotonic() < deadline:
        with suppress(ProductError):
            leg = gateway.fetch_call(sid)
            if is_known(leg.status) and leg_has_ended(leg.status):
                return leg
        time.sleep(ASK_EVERY_SECONDS)
    raise OutcomeUnknownError


def _of_second_leg(e164: str, sid: str) -> Iterator[Finding]:
    """Yield the findings about our instructions for the call `sid`, and about its second leg."""
    children, errors = gateway.find_children(sid), gateway.errors_of_call(sid)
    fetch_error = next((code for code in errors if code in _OF_INSTRUCTIONS), None)
    if fetch_error:
        yield wrong(
            ANSWER,
            f"Twilio could not fetch or read them ({fetch_error}).",
            f"Look at {settings.PUBLIC_URL} from outside, at nginx, and at TWILIO_AUTH_TOKEN, by "
            "which this site knows Twilio; the console has the request under Monitor, Errors.",
        )
        return
    yield right(ANSWER, "fetched, and signed as this site wants it")
    dial_error = next((code for code in errors if code in _OF_DIAL or code == 21216), None)
    if dial_error == CALLER_ID_REFUSED:
        yield wrong(
            SHOWN,
            f"The carrier does not show {e164}, which is not registered ({dial_error}).",
            "Import rules of shown numbers in which own numbers are registered first.",
        )
    elif dial_error:
        yield wrong(SECOND, f"The carrier refused it ({dial_error}).", remedy_of(dial_error))
    elif not children:
        problem = "It never rang, and Twilio notes no error: the first leg ended before."
        yield wrong(SECOND, problem, "Call again, and stay on the line.")
    else:
        yield from _of_child(e164, children[0])


def _of_child(e164: str, leg: ProviderCall) -> Iterator[Finding]:
    number = settings.TWILIO_FROM_NUMBER
    yield judge(
        SECOND,
        leg.status == "completed",
        f"{number} answered",
        f"{number} did not answer: {leg.status}.",
        "Look at its voice URL (Phone Numbers, the number, Voice).",
    )
    yield judge(
        SHOWN,
        leg.caller == e164,
        f"{e164}, which is not registered, was sent",
        f"{leg.caller} was sent for {e164}.",
        "Ask Twilio's support.",
    )
