"""Emergency and short numbers, recognised on the digits before anything is parsed.

A prepaid call over the internet cannot reach emergency services, and short numbers mean
something only inside one country's network, so both are refused with what to do instead.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber
from phonenumbers.phonemetadata import PhoneMetadata
from phonenumbers.shortnumberinfo import is_emergency_number, is_valid_short_number_for_region

from mobayilo.lib.countries import country_name
from mobayilo.lib.errors import ProductError
from telephony.numbers.candidates import EXIT_CODES, bare_readings, national_readings

EVERYWHERE = frozenset({"112", "911"})  # GSM 02.30 has every mobile phone treat both as emergency
LONGEST_SHORT_NUMBER = 6
SHORT_LENGTHS = range(2, LONGEST_SHORT_NUMBER + 1)


def emergency_check(text: str, *, countries: list[str]) -> None:
    """Raise `emergency_number` or `short_number` if the digits of the text are one.

    `text` has been through `unwrap`, so that labels and links hold no digits any more.
    `countries` are the caller's and the stated one; their numbers are looked at first, then
    those of every other country, unless the digits are a whole ordinary number in `countries`.
    """
    digits = re.sub(r"\D", "", text)
    # Of `112 x1` the network would connect what stands before the extension.
    before_extension = re.split(r"(?<=\d)\s*(?:\(?[^\W\d_]|[,;#])", text, maxsplit=1)[0]
    _refuse_emergency(re.sub(r"\D", "", before_extension), countries)
    shorts_behind_prefix = _behind_prefix(digits)
    # 1-800-FLOWERS has few digits and is no short number.
    may_be_short = len(digits) <= LONGEST_SHORT_NUMBER and not re.search(r"\+|[^\W\d_]", text)
    if not (shorts_behind_prefix or may_be_short):
        return
    # Saint Helena's 20911 is a whole number, and not Egypt's 911.
    is_at_home = any(national_readings(digits, country) for country in countries)
    if is_at_home or bare_readings(digits):
        return
    for short, regions in shorts_behind_prefix:
        _refuse_emergency(short, regions)
    if may_be_short:
        _refuse_short(digits, countries)


def _refuse_emergency(digits: str, countries: list[str]) -> None:
    if len(digits) not in SHORT_LENGTHS:
        return
    for country in countries:
        if is_emergency_number(digits, country):
            raise _emergency(digits, country)
    if digits in EVERYWHERE:
        raise _emergency(digits, None)


def _behind_prefix(digits: str) -> list[tuple[str, list[str]]]:
    """Return what is left of `+44 999` or `00 44 999`, with the regions of the code."""
    rests = [digits[len(code) :] for code in EXIT_CODES if digits.startswith(code)]
    numbers_behind: list[tuple[str, list[str]]] = [
        (rest, []) for rest in rests if len(rest) in SHORT_LENGTHS
    ]
    for rest in (digits, *rests):
        for length in (1, 2, 3):
            calling_code, short = rest[:length], rest[length:]
            if calling_code.startswith("0") or len(short) not in SHORT_LENGTHS:
                continue
            regions = phonenumbers.region_codes_for_country_code(int(calling_code))
            if in_countries := [region for region in regions if region != "001"]:
                numbers_behind.append((short, in_countries))
    return numbers_behind


def _refuse_short(digits: str, countries: list[str]) -> None:
    for country in countries:
        if _is_short(digits, country):
            raise _short(digits, country)
    if any(is_emergency_number(digits, country) for country in _short_regions()):
        raise _emergency(digits, None)
    elsewhere = len(digits) in {3, 4} or digits.startswith("11")
    if elsewhere and any(_is_short(digits, country) for country in _short_regions()):
        raise _short(digits, None)


def _is_short(digits: str, country: str) -> bool:
    calling_code = phonenumbers.country_code_for_region(country)
    if not calling_code or not digits:
        return False
    number = PhoneNumber(country_code=calling_code, national_number=int(digits))
    number.italian_leading_zero = digits.startswith("0") or None
    zeros = len(digits) - len(digits.lstrip("0"))
    number.number_of_leading_zeros = zeros if zeros > 1 else None
    return bool(is_valid_short_number_for_region(number, country))


@cache
def _short_regions() -> tuple[str, ...]:
    regions = sorted(phonenumbers.SUPPORTED_SHORT_REGIONS)
    return tuple(r for r in regions if PhoneMetadata.short_metadata_for_region(r))


def _emergency(digits: str, country: str | None) -> ProductError:
    place = f"in {country_name(country)}" if country else "in other countries"
    return ProductError(
        "emergency_number",
        f"{digits} is an emergency number {place}. It cannot be called from here.",
        hint=f"Dial {digits} directly on a phone where help is needed.",
        details={"number": digits, "country": country},
    )


def _short(digits: str, country: str | None) -> ProductError:
    place = f"in {country_name(country)}" if country else "of one country's network"
    return ProductError(
        "short_number",
        f"{digits} is a short number {place}. Calls from abroad do not reach it.",
        hint="Call the full number of the service, or dial the short one on a phone there.",
        details={"number": digits, "country": country},
    )
