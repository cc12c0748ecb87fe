"""Checks that refuse a configuration with which calls cannot work."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import phonenumbers
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError

from mobayilo.lib.hosts import is_loopback
from telephony.models import RateDeck
from telephony.pricing import LONGEST_LEG_SECONDS
from telephony.rates.deck import usable_decks

_SIDS = (
    ("TWILIO_ACCOUNT_SID", r"AC[0-9a-f]{32}", "telephony.E001", "its first page"),
    ("TWILIO_VERIFY_SERVICE_SID", r"VA[0-9a-f]{32}", "telephony.E002", "Verify, Services"),
)

_OF_KEY = (("TWILIO_API_KEY_SID", r"SK[0-9a-f]{32}"), ("TWILIO_API_KEY_SECRET", r"\S+"))
_OF_VOICE = (*_OF_KEY, ("TWILIO_TWIML_APP_SID", r"AP[0-9a-f]{32}"))


@register
def check_twilio_names(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Require SIDs and our own number to have the form that Twilio gives them."""
    problems: list[CheckMessage] = [
        Error(
            f"{name} is not such a SID.",
            hint=f"Copy it from Twilio's console ({where}).",
            id=identifier,
        )
        for name, shape, identifier, where in _SIDS
        if not re.fullmatch(shape, getattr(settings, name))
    ]
    if not settings.TWILIO_AUTH_TOKEN:
        problems.append(
            Error(
                "TWILIO_AUTH_TOKEN is empty.",
                hint="Copy it from the first page of Twilio's console; it signs webhooks too.",
                id="telephony.E006",
            )
        )
    is_e164 = False
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(settings.TWILIO_FROM_NUMBER)
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        is_e164 = e164 == settings.TWILIO_FROM_NUMBER
    if not is_e164:
        problems.append(
            Error(
                "TWILIO_FROM_NUMBER is not a number such as +12025550100.",
                hint="Set it to a voice number that you own at Twilio, with + and no spaces.",
                id="telephony.E003",
            )
        )
    return problems


@register
def check_voice_settings(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Require an API key with its secret, and both for calls through the computer."""
    needed_settings = _OF_VOICE if settings.TWILIO_TWIML_APP_SID else _OF_KEY
    if not any(getattr(settings, name) for name, _ in needed_settings):
        return []
    return [
        Error(
            f"{name} is not set as Twilio's console shows it, and others of its set are.",
            hint="Set TWILIO_API_KEY_SID with TWILIO_API_KEY_SECRET, or neither; calls through the "
            "computer need both and TWILIO_TWIML_APP_SID.",
            id="telephony.E009",
        )
        for name, shape in needed_settings
        if not re.fullmatch(shape, getattr(settings, name))
    ]


@register(deploy=True)
def check_prices_are_no_sample(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Require another deck than the sample in public, where the sample is not used."""
    if settings.IS_LOCAL:
        return []
    try:
        is_stuck = RateDeck.objects.filter(is_sample=True).exists() and not usable_decks().exists()
    except DatabaseError:  # not migrated yet, as before the first start
        return []
    if not is_stuck:
        return []
    return [
        Error(
            "The only price list is the sample deck, which is not used in public.",
            hint="Import one of your own: manage.py import_rates FILE.",
            id="telephony.E007",
        )
    ]


@register
def check_webhooks_can_arrive(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn of a loopback address, which the sandbox can reach and Twilio cannot."""
    if not settings.IS_LOCAL or settings.TWILIO_API_URL:
        return []
    return [
        Warning(
            "Twilio cannot call back a server at PUBLIC_URL on this machine.",
            hint="Set PUBLIC_URL to the public https address, or TWILIO_API_URL to the sandbox.",
            id="telephony.W002",
        )
    ]


@register
def check_call_limits(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse times that Twilio would refuse, or cut short after a customer was quoted more."""
    problems: list[CheckMessage] = []
    if not 5 <= settings.CALL_RING_SECONDS <= 600:
        problems.append(
            Error(
                "CALL_RING_SECONDS must be from 5 to 600.",
                hint="Twilio rings no shorter and no longer; 45 is usual.",
                id="telephony.E004",
            )
        )
    longest = LONGEST_LEG_SECONDS - settings.CALL_RING_SECONDS - 5
    if not 60 <= settings.CALL_MAX_SECONDS <= longest:
        problems.append(
            Error(
                f"CALL_MAX_SECONDS must be from 60 to {longest}.",
                hint="Twilio ends a leg after four hours, and the customer's own leg also rings.",
                id="telephony.E005",
            )
        )
    return problems


@register
def check_closed_countries(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a code that is no country's, since it would close nothing without a warning."""
    return [
        Error(
            f"CLOSED_COUNTRIES names {code}, which is no country's ISO code.",
            hint="Write codes of two letters with commas between them, such as XX,YY.",
            id="telephony.E008",
        )
        for code in settings.CLOSED_COUNTRIES
        if code not in phonenumbers.SUPPORTED_REGIONS
    ]


@register
def check_sandbox_is_local(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn of a sandbox in public, which places no calls and shows every code on its pages."""
    host = settings.TWILIO_API_URL.split("://")[-1].split("/")[0].split(":")[0]
    if not host or settings.IS_LOCAL:
        return []
    return [
        Warning(
            f"TWILIO_API_URL sends every request to {host} instead of Twilio.",
            hint="Unset TWILIO_API_URL in production."
            if is_loopback(host)
            else "Unset TWILIO_API_URL, unless that host is a proxy of yours.",
            id="telephony.W001",
        )
    ]
