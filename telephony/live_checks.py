"""The carrier's part of `check_live`: what has to be right at Twilio before the first customer."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.urls import reverse

from mobayilo.lib.errors import ProductError
from mobayilo.lib.findings import Finding, judge, right, unchecked, wrong
from telephony.calls.place import OWN_RING_SECONDS
from telephony.calls.states import is_known, leg_has_ended
from telephony.phones.shown import current_rules
from telephony.rates.deck import current_deck
from telephony.rates.files import NO_COUNTRY
from telephony.twilio import gateway
from telephony.twilio.faults import remedy_of
from telephony.twilio.gateway import OutcomeUnknownError, ProviderCall
from telephony.twilio.twiml import CALLER_ID_REFUSED

CONSOLE = "https://console.twilio.com"
PHONE, ANSWER = "Call: your phone", "Call: instructions of this site"
SECOND, SHOWN = "Call: second leg", "Call: number shown"
# The announcements, the second ring and the talk of `twiml.trial`.
TRIAL_LIMIT_SECONDS = 75
# Twilio rings five seconds longer than asked, and may report an end late.
TRIAL_LATEST_SECONDS = OWN_RING_SECONDS + TRIAL_LIMIT_SECONDS + 30
TRIAL_ASK_EVERY_SECONDS = 1.0
# Instructions that Twilio cannot fetch or read are 11xxx and 12xxx, a refused <Dial> is 132xx
# (https://www.twilio.com/docs/api/errors).
_OF_INSTRUCTIONS, _OF_DIAL = range(11_000, 13_000), range(13_210, 13_230)
Trial = Callable[[], Iterator[Finding]]


def findings(trial_call: Trial | None = None) -> Iterator[Finding]:
    """Yield the findings about Twilio, the price list, and a trial call if one is given.

    Twilio is not asked again once it has refused the account or the key.
    """
    account = ask(
        "Twilio account",
        gateway.check_account,
        f"Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to what {CONSOLE} shows.",
    )
    yield account
    is_reachable = bool(account.is_right)
    try:
        if is_reachable:
            key = of_key()
            yield key
            is_reachable = key.is_right is not False  # None: there is no key to check
        if is_reachable:
            yield from of_account()
        yield from of_deck(is_reachable=is_reachable)
        if trial_call is None:
            yield unchecked("Call", "--call +NUMBER places one, which costs a few cents")
        elif is_reachable:
            yield from trial_call()
    except ProductError as refusal:
        yield wrong("Twilio", refusal.message, "Try again in a minute; the rest was not checked.")


def of_account() -> Iterator[Finding]:
    """Yield findings about the account: its type, profile, numbers, currency and Verify service."""
    kind = gateway.account_type()
    yield judge(
        "Twilio account type",
        kind == "Full",
        kind,
        f"It is a {kind} account: it calls verified numbers only, and ten minutes at most.",
        f"Upgrade it at {CONSOLE}.",
    )
    yield judge(
        "Twilio customer profile",
        gateway.has_approved_profile(),
        "approved",
        "None is approved: calls to +1 are refused (21216).",
        "Complete the Primary Customer Profile under Trust Hub.",
    )
    yield from of_numbers()
    yield ask(
        "Twilio currency",
        lambda: f"{len(gateway.voice_prices('US'))} prices for the US, in {gateway.CURRENCY}",
        "Ask Twilio's support to bill in US dollars: costs and margins are unknown otherwise.",
    )
    yield ask(
        "Twilio Verify",
        gateway.check_verify_service,
        "Create a service under Verify, Services and set TWILIO_VERIFY_SERVICE_SID to its SID.",
    )
    # https://www.twilio.com/docs/verify/api/service: no field says which channels are on.
    yield unchecked("Verify channels", "Twilio does not say which are on: have a code sent by each")
    yield of_computer_calls()


def of_numbers() -> Iterator[Finding]:
    """Yield findings about the numbers that calls show, and about who calls them back."""
    number = ask(
        "Twilio number",
        lambda: gateway.check_number(settings.TWILIO_FROM_NUMBER),
        "Set TWILIO_FROM_NUMBER to a voice number under Phone Numbers, Active numbers.",
    )
    yield number
    if number.is_right:
        answer = f"{settings.PUBLIC_URL}{reverse('telephony:webhook-inbound')}"
        yield judge(
            "Answer to inbound calls",
            gateway.answers_inbound_calls(),
            "the number has one",
            "People who call the number back hear an error.",
            f"Set its voice URL to {answer} (POST), or to a TwiML Bin with your announcement "
            "(Phone Numbers, the number, Voice).",
        )
    for number_of_rules in sorted(current_rules().operator_numbers - {settings.TWILIO_FROM_NUMBER}):
        yield ask(
            f"Shown number {number_of_rules}",
            partial(gateway.check_number, number_of_rules),
            "Buy it under Phone Numbers, or import rules of shown numbers without it.",
        )


def of_computer_calls() -> Finding:
    """Return whether the TwiML app leads to this site."""
    subject = "Calls through the computer"
    if not settings.TWILIO_TWIML_APP_SID:
        return unchecked(subject, "not set up: TWILIO_TWIML_APP_SID is empty")
    answer = f"{settings.PUBLIC_URL}{reverse('telephony:webhook-client')}"
    report = f"{settings.PUBLIC_URL}{reverse('telephony:webhook-client-status')}"
    remedy = (
        f"Set the voice URL of the TwiML app to {answer} (POST) and its status callback to "
        f"{report} (Voice, TwiML apps)."
    )
    try:
        urls = gateway.fetch_application(settings.TWILIO_TWIML_APP_SID)
    except ProductError as refusal:
        return wrong(subject, refusal.message, "Set TWILIO_TWIML_APP_SID to a TwiML app of yours.")
    is_right = urls == (answer, report)
    return judge(
        subject, is_right, "the TwiML app leads here", "The TwiML app leads elsewhere.", remedy
    )


def of_key() -> Finding:
    """Return whether Twilio accepts the API key; unchecked if none is used."""
    if not settings.TWILIO_API_KEY_SID:
        return unchecked("Twilio API key", "none is used: requests carry the auth token")
    return ask(
        "Twilio API key",
        gateway.check_api_key,
        "Create a standard key under Account management, API keys and tokens, and set "
        "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET.",
    )


def of_deck(*, is_reachable: bool) -> Iterator[Finding]:
    """Yield whether a price list is in force, and whether Twilio may call its countries."""
    try:
        deck = current_deck()
    except ProductError:
        yield wrong(
            "Price list",
            "None is in force: no call has a price.",
            "Import yours: manage.py import_rates FILE.",
        )
        return
    yield right("Price list", f"deck {deck.deck_id}")
    if settings.TWILIO_TWIML_APP_SID:
        yield judge(
            "Price of the computer's leg",
            deck.client_price is not None,
            "in the price list",
            "The price list has no row for it, so that no call goes through the computer.",
            "Add a row with the prefix 0 and the kind internet.",
        )
    if not is_reachable:
        return
    countries = sorted(deck.countries - {NO_COUNTRY} - set(settings.CLOSED_COUNTRIES))
    closed_countries = sorted(gateway.closed_countries()[0].intersection(countries))
    yield judge(
        "Dialing permissions",
        not closed_countries,
        f"{len(countries)} countries of the price list",
        f"Twilio may not call {', '.join(closed_countries)}, which have a price.",
        "Allow them under Voice, Settings, Geo permissions, or name them in CLOSED_COUNTRIES.",
    )


def ask(subject: str, check: Callable[[], str], remedy: str) -> Finding:
    """Return the finding of a check that raises ProductError where something is wrong."""
    try:
        return right(subject, check())
    except ProductError as refusal:
        is_away = refusal.code == "provider_unavailable"
        return wrong(subject, refusal.message, "Try again in a minute." if is_away else remedy)


def place_trial_call(e164: str, say: Callable[[str], None]) -> Iterator[Finding]:
    """Ring the operator's phone, then a number of the account, and yield the findings about it.

    The call goes the way of a customer's, and no account is charged: Twilio rings the phone,
    fetches instructions from this site, and dials the second leg with the phone as the number
    shown. Twilio is then asked about both legs, and about the errors that it noted.
    """
    site = settings.PUBLIC_URL
    try:
        first_leg = gateway.create_call(
            to=e164,
            twiml_url=f"{site}{reverse('telephony:webhook-trial')}",
            ring_seconds=OWN_RING_SECONDS,
            limit_seconds=TRIAL_LIMIT_SECONDS,
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
    deadline = time.monotonic() + TRIAL_LATEST_SECONDS
    while time.monotonic() < deadline:
        with suppress(ProductError):
            leg = gateway.fetch_call(sid)
            if is_known(leg.status) and leg_has_ended(leg.status):
                return leg
        time.sleep(TRIAL_ASK_EVERY_SECONDS)
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
