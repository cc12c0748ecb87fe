"""Every country's example numbers, dialled from every other country: nothing comes back wrong.

libphonenumber alone returns hundreds of valid numbers of other people here. An answer may be the
number or a question that offers it; a refusal is for forms that no phone would connect.
"""

import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import product

import phonenumbers
import pytest
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from tests.telephony.numbers.outcomes import candidates

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
# Where exit codes, carriers or area codes collide most with other countries' codes.
AWKWARD = ["AR", "AU", "BR", "CU", "DE", "HK", "IN", "JP", "KR", "NG", "RU", "SG", "TH", "TW", "US"]
IS_FULL = os.environ.get("SWEEP") == "full"
CALLERS = REGIONS if IS_FULL else AWKWARD
# The suite plays a quarter of the pairs, the same each time; `make fuzz` plays all.
PART_OF_PAIRS = 1.0 if IS_FULL else 0.25
AMERICANS = 4000 if IS_FULL else 1000


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def examples(region: str) -> list[PhoneNumber]:
    kinds = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    found = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    return [number for number in found if number]


def pairs() -> Iterator[tuple[str, PhoneNumber]]:
    """Yield the country of a caller and a number to call."""
    draw = random.Random(11)
    for region, caller in product(REGIONS, CALLERS):
        for number in examples(region):
            if draw.random() < PART_OF_PAIRS:
                yield caller, number


def international_forms(caller: str, number: PhoneNumber) -> list[str]:
    digits = e164(number).removeprefix("+")
    abroad = phonenumbers.format_out_of_country_calling_number(number, caller)
    return [f"+{digits}", f"00{digits}", f"011{digits}", abroad]


@cache
def outcomes_from_abroad() -> list[tuple[str, str, str, list[str]]]:
    """Caller, text, the number meant, what came of it: for every pair in every form."""
    return [
        (caller, text, e164(number), candidates(text, default=caller))
        for caller, number in pairs()
        for text in international_forms(caller, number)
    ]


def test_examples_from_abroad_are_never_another_number() -> None:
    wrong = [each for each in outcomes_from_abroad() if each[2] not in each[3]]
    assert wrong == []


def test_examples_without_a_plus_are_theirs_or_asked_about_or_refused() -> None:
    """The country code alone is weak: a number at home may win, but none of a third country."""
    wrong = []
    for caller, number in pairs():
        meant, home = e164(number), phonenumbers.country_code_for_region(caller)
        found = candidates(meant.removeprefix("+"), default=caller)
        at_home = any(each.startswith(f"+{home}") for each in found)
        if found and meant not in found and not at_home:
            wrong.append((caller, meant, found))
    assert wrong == []


def test_examples_of_a_country_that_is_named_are_read_there() -> None:
    """`--country` wins over where the caller is at home, in the form of that country."""
    wrong = [
        (caller, e164(number), found)
        for caller, number in pairs()
        for country in [phonenumbers.region_code_for_number(number)]
        for national in [phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)]
        if (found := candidates(national, stated=country, default=caller)) != [e164(number)]
    ]
    assert wrong == []


def test_questions_about_examples_are_rare() -> None:
    asked = [len(found) > 1 for *_, found in outcomes_from_abroad()]
    assert sum(asked) / len(asked) < 0.015  # of the most awkward callers; far fewer of all


@pytest.mark.parametrize("region", REGIONS)
def test_examples_at_home_are_read_as_written_there(region: str) -> None:
    for number in examples(region):
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        assert candidates(national, stated=region) == [e164(number)]
        assert candidates(national, default=region) == [e164(number)]


def random_american_numbers(count: int) -> Iterator[str]:
    randomly = random.Random(4000)
    while count:
        digits = str(randomly.randint(2_000_000_000, 9_999_999_999))
        number = phonenumbers.parse(f"+1{digits}")
        if phonenumbers.is_valid_number_for_region(number, "US"):
            count -= 1
            yield digits


def test_national_american_numbers_are_never_asked_about() -> None:
    for digits in random_american_numbers(AMERICANS):
        assert candidates(digits, stated="US") == [f"+1{digits}"]
        assert candidates(digits, default="US") == [f"+1{digits}"]
