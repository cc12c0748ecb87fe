"""The carrier's part of `check_live`: what has to be right at Twilio before the first customer."""

from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings
from django.urls import reverse

from mobayilo.lib.errors import ProductError
from mobayilo.lib.findings import Finding, judge, right, unchecked, wrong
from telephony.phones.shown import current_rules
from telephony.rates.deck import current_deck
from telephony.rates.files import NO_COUNTRY
from telephony.twilio import gateway

CONSOLE = "https://console.twilio.com"
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
