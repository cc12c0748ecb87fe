"""Readings that a text can have, and texts that need a question."""

import pytest

from tests.telephony.numbers.outcomes import candidates, outcome, refused


@pytest.mark.parametrize(
    ("text", "country", "meant"),
    [
        ("4915123456780", "DE", "+4915123456780"),
        ("49 521 557660", "DE", "+49521557660"),
        ("-49 521 557660", "DE", "+49521557660"),
        ("62 21 5550120", "ID", "+62215550120"),
        ("(49) 151 23456780", "DE", "+4915123456780"),
    ],
)
def test_forgotten_plus_of_the_own_country_is_asked_about(
    text: str, country: str, meant: str
) -> None:
    for found in (candidates(text, stated=country), candidates(text, default=country)):
        assert len(found) == 2
        assert meant in found


@pytest.mark.parametrize("text", ["536-714-2950", "(664) 270-3821", "1 535 714 2950"])
def test_unassigned_area_code_is_no_reason_to_call_another_country(text: str) -> None:
    for found in (refused(text, default="US"), refused(text, stated="CA", default="GB")):
        assert found.code == "invalid_number"


def test_digits_as_long_as_a_number_at_home_are_not_dialled_abroad() -> None:
    error = refused("45 3212 3456", default="CO")
    assert error.hint == "Did you mean +45 32 12 34 56 (Denmark)?"
    assert candidates("45 32 12 34 56", default="PL") == ["+4532123456"]


def test_plus_wins_over_the_stated_country() -> None:
    assert candidates("+44 20 7946 0018", stated="US") == ["+442079460018"]
    assert candidates("+6479371230", stated="US") == ["+6479371230"]
    assert candidates("+64 7 937 1230", stated="US") == ["+6479371230"]


def test_plus_before_a_number_as_the_stated_country_writes_it_is_asked_about() -> None:
    assert candidates("+647-937-1230", stated="US") == ["+6479371230", "+16479371230"]
    assert candidates("+647-937-1230", default="US") == ["+6479371230"]
    hint = refused("+212-555-0123", stated="US").hint
    assert hint == "Did you mean +1 212-555-0123 (United States)?"


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("1-800-CONTACTS", "US", "+18002668228"),
        ("1-888-NEW-CREDITS", "US", "+18886392733"),
        ("800 six-flags", "US", "+18007493524"),
        ("1-800-FLOWERS-NOW", "US", "+18003569377"),
        ("1800 FREECALL", "AU", "+611800373322"),
    ],
)
def test_letters_beyond_the_number_are_ignored_as_phones_do(
    text: str, country: str, e164: str
) -> None:
    assert candidates(text, default=country) == [e164]


@pytest.mark.parametrize("text", ["1 800 FLOWERS NOW", "(212) 555-0123 thanks"])
def test_word_of_its_own_after_the_number_is_refused(text: str) -> None:
    assert refused(text, default="US").details["reason"] == "letters"


def test_extension_after_a_dash_is_read_in_china() -> None:
    assert outcome("010-61234567-801", stated="CN") == "+861061234567 801"
    assert outcome("021-6123 4567-801", stated="CN") == "+862161234567 801"
    assert outcome("+86 138 0013 8000-9100") == "+8613800138000 9100"


def test_rare_exit_code_of_the_stated_country_may_be_a_forgotten_plus() -> None:
    assert candidates("995 32 264 97 60", stated="KP") == ["+5322649760", "+995322649760"]
