"""Random numbers of every region in every way of writing them.

The invariant: a number as people write it never rings another one. It is read as itself, asked
about or refused. The digits may be a number of the country that was named, or of the account's, as
they stand; where they begin with the calling code of the country that was named, they are asked
about. `SWEEP=full` takes many numbers in all spellings.
"""

import os
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers
import pytest
from phonenumbers import CountryCodeSource, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from tests.telephony.numbers.outcomes import candidates

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
ORDINARY = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
OTHERS = tuple(t for t in PhoneNumberType.values() if t not in (*ORDINARY, PhoneNumberType.UNKNOWN))
IS_FULL = os.environ.get("SWEEP") == "full"
SEEDS = range(40) if IS_FULL else (11, 12, 13)
SPELLINGS = None if IS_FULL else 6  # of each number


class Spelling(NamedTuple):
    """One way of writing a number; `is_plain` if it has to be read without a question."""

    text: str
    stated: str | None
    default: str | None
    is_plain: bool = False


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def random_number(region: str, draw: random.Random) -> PhoneNumber:
    """A valid number of the region: the beginning of an example, and digits of chance."""
    kind = draw.choice((*ORDINARY, *ORDINARY, draw.choice(OTHERS)))
    example = phonenumbers.example_number_for_type(region, kind)
    example = example or phonenumbers.example_number(region)
    assert example
    nsn = phonenumbers.national_significant_number(example)
    for _ in range(60):
        kept = nsn[: draw.randrange(len(nsn))]
        length = len(nsn) + draw.choice((0, 0, 0, 1, -1)) - len(kept)
        digits = kept + "".join(draw.choices("0123456789", k=max(1, length)))
        number = phonenumbers.parse(f"+{example.country_code}{digits}")
        if phonenumbers.is_valid_number_for_region(number, region):
            return phonenumbers.parse(e164(number))
    return example


def international_spellings(number: PhoneNumber, caller: str) -> Iterator[Spelling]:
    code, nsn = number.country_code, phonenumbers.national_significant_number(number)
    shown = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    rest = shown.partition(" ")[2] or nsn
    abroad = phonenumbers.format_out_of_country_calling_number(number, caller)
    for text in (
        f"+{code}{nsn}",
        shown,
        f"(+{code}) {rest}",
        f"Tel.: {shown}",
        f"\u202a{shown}\u202c",
    ):
        yield Spelling(text, None, caller, is_plain=True)
    yield Spelling(f"00{code} {rest}", None, None, is_plain=True)
    for text in (
        f"00{code}{nsn}", f"00{code} {rest}", f"00 {code} {rest}",
        abroad, re.sub(r"[\s-]", "", abroad),
        f"+{code} (0) {rest}", f"+{code}(0){nsn}", f"(+{code}) (0) {rest}", f"00{code} (0) {rest}",
        f"00 {code}(0){nsn}", f"{code} (0) {rest}", f"{code}(0){nsn}",
        f"{code}{nsn}", f"{code} {rest}", f"({code}) {rest}", f"-{code} {rest}", f"{shown} x12",
    ):  # fmt: skip
        yield Spelling(text, None, caller)


def spellings(number: PhoneNumber, region: str, draw: random.Random) -> Iterator[Spelling]:
    code, nsn = number.country_code, phonenumbers.national_significant_number(number)
    rest = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).partition(" ")[2]
    yield from international_spellings(number, draw.choice(REGIONS))
    for text in (
        f"{code}{nsn}",
        f"{code} {rest}",
        f"{code} (0) {rest}",
        f"+{code} {rest}",
        f"00{code}{nsn}",
    ):
        yield Spelling(text, region, draw.choice(REGIONS))
        yield Spelling(text, None, region)
        yield Spelling(text, draw.choice(REGIONS), None)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    is_plain = (
        phonenumbers.number_type(number) in (*ORDINARY, PhoneNumberType.FIXED_LINE_OR_MOBILE)
        and phonenumbers.parse(national, region) == number
    )
    for text in (
        national,
        f"Tel. {national}",
        re.sub(r"[\s-]", "", national),
        f"{national} ext. 12",
    ):
        yield Spelling(text, region, draw.choice(REGIONS), is_plain)
        yield Spelling(text, None, region, is_plain)


def is_number_at_home(spelling: Spelling, found: str) -> bool:
    """Whether the digits may be read as that number of the country named, or of the account's."""
    digits = re.sub(r"\D", "", re.sub(r" (x|ext\. )12$", "", spelling.text))
    for country in filter(None, (spelling.stated, spelling.default)):
        number = phonenumbers.parse(digits, country, keep_raw_input=True)
        is_abroad = number.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_IDD
        code = str(phonenumbers.country_code_for_region(country))
        if e164(number) == found and not is_abroad:
            return not (country == spelling.stated and digits.startswith(code))
    return False


def is_right(spelling: Spelling, meant: str, found: list[str]) -> bool:
    if spelling.is_plain:
        return found == [meant]
    if not found or meant in found:
        return True
    is_marked = "+" in spelling.text or "(0)" in spelling.text
    return len(found) == 1 and not is_marked and is_number_at_home(spelling, found[0])


def wrong_readings(seed: int) -> Iterator[tuple[Spelling, str, list[str]]]:
    draw = random.Random(seed)
    for region in REGIONS:
        number = random_number(region, draw)
        written = list(spellings(number, region, draw))
        for spelling in draw.sample(written, SPELLINGS or len(written)):
            found = candidates(spelling.text, stated=spelling.stated, default=spelling.default)
            if not is_right(spelling, e164(number), found):
                yield spelling, e164(number), found


@pytest.mark.parametrize("seed", SEEDS)
def test_number_in_any_spelling_is_never_another_number(seed: int) -> None:
    assert list(wrong_readings(seed)) == []
