"""Every way that digits can be meant as a phone number, each checked for being a real one.

libphonenumber reads digits in one way only, and where its country's exit code or trunk prefix
happens to fit it returns another person's number as valid (Korea's `0081 90 …` becomes a US
number). So the ways are tried apart here, and the caller compares what they give.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata

from telephony.numbers.text import Written, is_calling_code

EXIT_CODES = ("00", "011", "0011")  # those that travellers keep dialling outside their country
# Exit codes in use that libphonenumber does not know: carriers of Hong Kong, Indonesia and
# Japan, and the 8~10 of the Soviet Union, which lives on where 00 has replaced it.
MORE_EXIT_CODES = {"HK": "0060", "ID": "00[17]|017", "JP": "00(?:1|33|61)010"} | dict.fromkeys(
    ("AM", "AZ", "GE", "KG", "MD", "UA", "UZ"), "810"
)
# Kenya, Uganda and Tanzania dial each other so, without a calling code. libphonenumber takes these
# for exit codes like any other, and Kenya's 006 754 … for a number in Papua New Guinea.
EAST_AFRICA = {"005": "254", "006": "256", "007": "255"}
SHORTEST_LANDLINE = 7  # digits after the trunk prefix; shorter ones exist, but are rare
EXAMPLE_TYPES = tuple(t for t in PhoneNumberType.values() if t != PhoneNumberType.UNKNOWN)


class Way(StrEnum):
    PLUS = "plus"  # with a plus: its country code is part of it
    NATIONAL = "national"  # as dialled inside the country
    EXIT = "exit"  # after the exit code of the country, or one that travellers know
    EXIT_SET_APART = "exit_set_apart"  # the same, and the spacing shows where the code ends
    BARE = "bare"  # the country code without plus or exit code


@dataclass(frozen=True, slots=True)
class Reading:
    number: PhoneNumber
    way: Way

    @property
    def e164(self) -> str:
        return phonenumbers.format_number(self.number, PhoneNumberFormat.E164)


def distinct(readings: list[Reading | None]) -> list[Reading]:
    """Return the first reading of each number, in their order; None is left out."""
    by_number: dict[str, Reading] = {}
    for reading in readings:
        if reading:
            by_number.setdefault(reading.e164, reading)
    return list(by_number.values())


def international_readings(written: Written) -> list[Reading]:
    """Return what `+…` and `48 (0) 22 …` can be: one number, or two because of two habits.

    A zero in brackets may be kept or dropped; and Russians write the 8 that they dial at home
    after a plus, `+8 (495) …`, which without its spacing is a number in Vietnam or China.
    """
    russian = national_readings(written.digits, "RU") if written.groups[0].digits == "8" else []
    return distinct([*(_international(d, Way.PLUS) for d in written.after("")), *russian])


def national_readings(digits: str, country: str) -> list[Reading]:
    """Return what a phone inside the country would reach with digits, no exit code involved."""
    calling_code = phonenumbers.country_code_for_region(country)
    reading = None
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(digits, country, keep_raw_input=True)
        by_exit_code = phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD
        if number.country_code_source != by_exit_code:
            reading = _valid(number, Way.NATIONAL)
    is_from_abroad = country == "MX" and digits.startswith("1")  # a 1 came after +52 only
    if reading is None and not is_from_abroad:
        reading = _international(f"{calling_code}{digits}")
    if reading is None or reading.number.country_code != calling_code:
        return []
    return [Reading(reading.number, Way.NATIONAL)]


def exit_readings(written: Written, countries: list[str]) -> list[Reading]:
    """Return what follows an exit code: those of the countries, and those that travellers know.

    Where one exit code stands apart (`009 1 264 …` in Nigeria), no other is looked for, unless it
    is 00 and a calling code: `001 473 …` in Guyana, whose exit code is 001. In joined digits 00
    says "international" as a plus does, so that the codes of carriers (001 in Hong Kong and many
    more) are looked for only where 00 leads to no number.
    """
    neighbours = EAST_AFRICA if {"KE", "UG", "TZ"} & set(countries) else {}
    digits = written.digits
    codes = [code for code in EXIT_CODES if digits.startswith(code)]
    for country in countries:
        codes += _exit_codes_at_start(digits, country)
    readings_by_code = {
        code: distinct(
            [_international(neighbours.get(code, "") + d, Way.EXIT) for d in written.after(code)]
        )
        for code in codes
    }
    by_00 = readings_by_code.get("00", [])
    groups = [group.digits for group in written.groups]
    # An exit code set apart: `00`, or `8 10` and `0 12` in two groups.
    for code in ["".join(groups[:n]) for n in (1, 2) if n < len(groups)]:
        if readings_by_code.get(code) and code not in neighbours:
            apart = [replace(reading, way=Way.EXIT_SET_APART) for reading in readings_by_code[code]]
            is_also_calling_code = code.startswith("00") and is_calling_code(code[2:])
            if is_also_calling_code and any(_is_grouped_after_00(r, written) for r in by_00):
                return by_00
            return distinct([*apart, *(by_00 if is_also_calling_code else [])])
    # A country with several exit codes has a pattern, which is no key here.
    own = {"0011", *neighbours, *map(_exit_code_of, countries)} - {"00"}
    if by_00 and not own & readings_by_code.keys():
        return by_00
    return distinct([reading for readings in readings_by_code.values() for reading in readings])


def begins_with_exit_code(digits: str, country: str) -> bool:
    """Return whether the digits begin with 00, or with an exit code of the country."""
    return digits.startswith("00") or bool(_exit_codes_at_start(digits, country))


def is_after_own_exit_code(reading: Reading, written: Written, countries: list[str]) -> bool:
    """Return whether the number follows 00 or an exit code of the countries, and no other one.

    0011 is Australia's exit code. Typed elsewhere, it is as likely 00 and a number that begins
    with 11.
    """
    if written.zero_at is not None or reading.way == Way.EXIT_SET_APART:
        return True
    before = written.digits.removesuffix(reading.e164.removeprefix("+"))
    return before == "00" or any(
        before in _exit_codes_at_start(written.digits, country) for country in countries
    )


def bare_readings(digits: str) -> list[Reading]:
    """Return the reading of digits as a number whose plus was forgotten: country code first."""
    return distinct([_international(digits, Way.BARE)])


def is_as_dialled_at_home(reading: Reading, digits: str) -> bool:
    """Return whether the digits are the whole national form, trunk prefix and all.

    `30 123456` is Berlin's 030 123456 to libphonenumber, yet it is not written so in Germany.
    """
    # North Americans write their numbers with the trunk prefix 1 and without it.
    is_nanp = reading.number.country_code == 1 and len(digits) in {10, 11}
    national = phonenumbers.format_number(reading.number, PhoneNumberFormat.NATIONAL)
    return is_nanp or re.sub(r"\D", "", national) == digits


def is_grouped_as_at_home(reading: Reading, written: Written) -> bool:
    """Return whether the digits are the national form in its own groups: `647-937-1234`."""
    national = phonenumbers.format_number(reading.number, PhoneNumberFormat.NATIONAL)
    groups = [group.digits for group in written.groups]
    return len(groups) > 1 and re.findall(r"\d+", national) == groups


def _is_grouped_after_00(reading: Reading, written: Written) -> bool:
    """Return whether 00 stands where the plus does in the usual writing: `001 473-269-1257`."""
    shown = phonenumbers.format_number(reading.number, PhoneNumberFormat.INTERNATIONAL)
    groups = [group.digits for group in written.groups]
    return re.findall(r"\d+", "00" + shown.removeprefix("+")) == groups


def is_usual_length(reading: Reading) -> bool:
    """Return whether the number is as long as others in its country."""
    region = phonenumbers.region_code_for_number(reading.number) or "001"
    nsn = phonenumbers.national_significant_number(reading.number)
    return len(nsn) in _usual_lengths(region, reading.number.country_code or 0)


def is_local_at_home(reading: Reading, digits: str) -> bool:
    """Return whether the digits are rather a number inside one town: `205246` in Germany.

    There numbers have many lengths, so six digits are valid as the end of an area code and a few
    more; the trunk prefix that would show it is missing.
    """
    is_short_national = reading.way == Way.NATIONAL and is_short(reading)
    return is_short_national and not is_as_dialled_at_home(reading, digits)


def is_short(reading: Reading) -> bool:
    """Return whether a landline has fewer digits than area code and number usually have."""
    nsn = phonenumbers.national_significant_number(reading.number)
    if len(nsn) >= SHORTEST_LANDLINE:
        return False
    return phonenumbers.number_type(reading.number) == PhoneNumberType.FIXED_LINE


def is_likely(reading: Reading, written: Written) -> bool:
    """Return whether a reading can put a valid number of one's own country in doubt.

    It is not when its length is unusual for its country (six digits in Germany), nor when the
    groups run across the end of its country code (`011 4912 3456` for +49).
    """
    length = len(phonenumbers.national_significant_number(reading.number))
    groups = [group.digits for group in written.groups]
    tails = {len("".join(groups[i:])) for i in range(len(groups))}
    is_after_exit_code = len(groups) == 2 and groups[0] in EXIT_CODES
    may_stand_alone = length in tails or len(groups) == 1 or is_after_exit_code
    return may_stand_alone and is_usual_length(reading)


def is_long_enough_at_home(digits: str, country: str) -> bool:
    """Return whether there are as many digits as in a number of the country.

    Where such digits are no number there, an area code may be mistyped or out of service.
    """
    calling_code = phonenumbers.country_code_for_region(country)
    is_with_trunk_prefix = calling_code == 1 and digits.startswith("1")
    return len(digits) - is_with_trunk_prefix in _usual_lengths(country, calling_code)


@cache
def _usual_lengths(region: str, calling_code: int) -> frozenset[int]:
    examples = (
        [phonenumbers.example_number_for_non_geo_entity(calling_code)]
        if region == "001"
        else [phonenumbers.example_number_for_type(region, kind) for kind in EXAMPLE_TYPES]
    )
    return frozenset(len(phonenumbers.national_significant_number(e)) for e in examples if e)


def _exit_codes_at_start(digits: str, country: str) -> list[str]:
    """Return the country's exit codes that the digits begin with, the shorter ones too."""
    pattern = _exit_code_pattern(country)
    return [digits[:n] for n in range(1, 9) if pattern.fullmatch(digits[:n])]


def _exit_code_of(country: str) -> str:
    """Return the code, or the pattern of several, that phones of the country dial abroad with."""
    metadata = PhoneMetadata.metadata_for_region(country)
    return (metadata.international_prefix if metadata else None) or ""


@cache
def _exit_code_pattern(country: str) -> re.Pattern[str]:
    neighbours = "00[567]" if country in {"KE", "UG", "TZ"} else None
    codes = filter(None, (_exit_code_of(country), MORE_EXIT_CODES.get(country), neighbours))
    return re.compile("|".join(codes) or "(?!)")


def _international(digits: str, way: Way = Way.PLUS) -> Reading | None:
    for spelling in (digits, *_without_legacy_prefix(digits)):
        try:
            number = phonenumbers.parse(f"+{spelling}")
        except phonenumbers.NumberParseException:
            continue
        reading = _valid(number, way)
        if reading:
            return reading
    return None


def _valid(number: PhoneNumber, way: Way) -> Reading | None:
    if not phonenumbers.is_valid_number(number):
        return None
    plain = PhoneNumber(
        country_code=number.country_code,
        national_number=number.national_number,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )
    return Reading(plain, way)


def _without_legacy_prefix(digits: str) -> list[str]:
    """Prefixes that phones needed once and that people still write after the country code.

    Mexico dropped 01, 044, 045 and the 1 after +52 in August 2019. Argentina's mobiles have 9
    after +54 or 15 after the area code, never both.
    """
    mexico = re.fullmatch(r"52(?:1|01|044|045)(\d{10})", digits)
    if mexico:
        return [f"52{mexico[1]}"]
    argentina = re.fullmatch(r"549?0?(\d{2,4})15(\d{6,8})", digits)
    if argentina and len(argentina[1] + argentina[2]) == 10:
        return [f"549{argentina[1]}{argentina[2]}"]
    return []
