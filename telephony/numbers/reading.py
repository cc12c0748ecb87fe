"""Phone numbers: the one place where what a person writes becomes E.164.

`read_number` either returns the number that was meant, or refuses with what to write instead. It
never returns a guess: if digits can mean several numbers, the refusal lists every one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from mobayilo.lib.countries import country_code, country_name
from mobayilo.lib.errors import ProductError
from telephony.numbers.candidates import EXIT_CODES, Reading
from telephony.numbers.choosing import (
    choose_readings,
    readings_elsewhere,
    refuse_glued_x,
    refuse_second_number,
    require_one_number,
)
from telephony.numbers.emergency import emergency_check
from telephony.numbers.explaining import no_such_number
from telephony.numbers.text import PAUSE, Written, read_text
from telephony.numbers.wrapping import unwrap


class NumberKind(StrEnum):
    FIXED = "fixed"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL = "personal"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    SATELLITE = "satellite"
    INTERNATIONAL_NETWORK = "international_network"
    UNKNOWN = "unknown"


_KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.VOIP: NumberKind.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PERSONAL,
    PhoneNumberType.PAGER: NumberKind.PAGER,
    PhoneNumberType.UAN: NumberKind.UAN,
    PhoneNumberType.VOICEMAIL: NumberKind.VOICEMAIL,
}
# Calling codes that belong to no country (ITU-T E.164 Annex): what they are outweighs the type
# that the numbering plan gives them.
_KINDS_OF_NETWORKS = {
    800: NumberKind.TOLL_FREE,
    808: NumberKind.SHARED_COST,
    870: NumberKind.SATELLITE,
    878: NumberKind.PERSONAL,
    881: NumberKind.SATELLITE,
    882: NumberKind.INTERNATIONAL_NETWORK,
    883: NumberKind.INTERNATIONAL_NETWORK,
    888: NumberKind.INTERNATIONAL_NETWORK,
    979: NumberKind.PREMIUM,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number that exists in its country's numbering plan."""

    e164: str
    country: str  # ISO region, "001" for networks of no country
    calling_code: int
    kind: NumberKind
    extension: str | None
    international: str
    national: str
    send_digits: str | None  # the extension as Twilio keys it in, w being half a second

    @property
    def redial(self) -> str:
        """Return the text that calls exactly this number, extension and pauses too."""
        if self.send_digits is None:
            return self.e164
        if self.send_digits.startswith(PAUSE):
            return self.e164 + self.send_digits.replace(PAUSE, ",")
        return f"{self.e164} x{self.extension}"


def read_number(text: str, *, stated_country: str | None, default_country: str | None) -> Number:
    """Return the number that a person wrote.

    `stated_country` is the one they named for this number, `default_country` the one that their
    account is at home in; both ISO codes or None. Raise ProductError: `emergency_number`,
    `short_number`, `invalid_number`, `country_required`, or `ambiguous_number` with
    `details["candidates"]`.
    """
    stated = country_code(stated_country) if stated_country else None
    default = country_code(default_country) if default_country else None
    body = unwrap(text)
    emergency_check(body, countries=[c for c in (stated, default) if c])
    written = require_one_number(read_text(body), stated=stated, default=default)
    readings = choose_readings(written, stated=stated, default=default)
    if not readings:
        raise _refusal(written, stated, default)
    if len(readings) > 1:
        candidates = [_candidate(reading, written) for reading in readings]
        raise ProductError(
            "ambiguous_number",
            f"That can be {_names(candidates)}.",
            details={"candidates": candidates},
        )
    refuse_glued_x(written, readings[0])
    number = _number(readings[0].number, written)
    refuse_second_number(written, countries={number.country, *filter(None, (stated, default))})
    return number


def number_from_e164(e164: str) -> Number:
    """Return the number of an E.164 string that `read_number` gave. Raise `invalid_number`."""
    return read_number(e164, stated_country=None, default_country=None)


def mask(e164: str) -> str:
    """Return a number as logs and listings show it: `+44 … 0018`."""
    try:
        calling_code = f"+{phonenumbers.parse(e164).country_code} "
    except phonenumbers.NumberParseException:
        calling_code = ""
    return f"{calling_code}… {e164[-4:]}"


def _refusal(written: Written, stated: str | None, default: str | None) -> ProductError:
    """Return why there is no such number, with those that the digits are elsewhere."""
    readings = readings_elsewhere(written, stated=stated, default=default)
    suggestions = [_candidate(reading, written) for reading in readings]
    names = _names(suggestions)
    country = stated or default
    if country or written.is_international or written.digits.startswith(EXIT_CODES):
        refusal = no_such_number(written, country=country)
        hint = f"Did you mean {names}?" if names else refusal.hints
        details = {**refusal.details, "suggestions": suggestions}
        return ProductError(refusal.code, refusal.message, hint=hint, details=details)
    return ProductError(
        "country_required",
        "Which country is that number in?" + f" Did you mean {names}?" * bool(names),
        details={"suggestions": suggestions},
    )


def _names(candidates: list[dict[str, Any]]) -> str:
    """Return `+44 20 7946 0018 (United Kingdom) or …`, empty without candidates."""
    return " or ".join(f"{c['international']} ({c['country_name']})" for c in candidates)


def _candidate(reading: Reading, written: Written) -> dict[str, Any]:
    number = _number(reading.number, written)
    return {
        "e164": number.e164,
        "country": number.country,
        "country_name": country_name(number.country),
        "kind": number.kind.value,
        "international": number.international,
        "extension": number.extension,
        "redial": number.redial,
    }


def _number(number: PhoneNumber, written: Written) -> Number:
    calling_code = number.country_code or 0
    kind = _KINDS.get(phonenumbers.number_type(number), NumberKind.UNKNOWN)
    return Number(
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        country=phonenumbers.region_code_for_number(number) or "001",
        calling_code=calling_code,
        kind=_KINDS_OF_NETWORKS.get(calling_code, kind),
        extension=written.keys.extension,
        international=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        national=phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        send_digits=written.keys.send_digits,
    )
