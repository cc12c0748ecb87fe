"""Why a text is no number, and what to write instead."""

import pytest

from tests.telephony.numbers.outcomes import refused


def test_number_too_short_gets_a_repaired_example() -> None:
    message = "Too short: a mobile in GB has 10 digits after the 0, like 07400 123456."
    assert refused("07400 123", stated="GB").message == message
    error = refused("+44 7400 123", default="US")
    assert error.code == "invalid_number"
    assert error.details["reason"] == "too_short"
    assert error.details["country"] == "GB"
    assert error.details["example"] == "+44 7400 123456"


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("07400 1234567", "GB", "too_long"),
        ("555-0123", "US", "area_code_missing"),
        ("0400 123 4567", "GB", "not_assigned"),
        ("020 7946 OO18", "GB", "letter_for_digit"),
        ("020 7946 0018 thanks", "GB", "letters"),
        ("020 7946 0018 / 020 7946 0019", "GB", "second_number"),
        ("020 7946 0018p99", "GB", "pause"),
        ("*31#07400 123456", "GB", "service_code"),
        ("020=7946=0018", "GB", "sign"),
        ("442079460018+", "GB", "sign"),
        ("+44 20 7946 0018+", "GB", "sign"),
        ("+442079460018+442079460019", "GB", "second_number"),
        ("hello or goodbye", "GB", "no_digits"),
        ("020 7946 0018 or later", "GB", "letters"),
        ("1,2 or 3", "GB", "letters"),
        ("", "GB", "no_digits"),
    ],
)
def test_refusal_names_its_reason(text: str, country: str, reason: str) -> None:
    error = refused(text, stated=country)
    assert (error.code, error.details["reason"]) == ("invalid_number", reason)
    assert error.hint


def test_number_from_before_a_renumbering_says_what_changed() -> None:
    error = refused("90 01 12 34", default="BJ")
    assert "got 01 in front on 30 November 2024" in error.hint


def test_number_with_a_zero_too_many_says_to_leave_it_out() -> None:
    assert refused("0 22 123 45 67", stated="PL").hint.startswith("Leave out the 0 in front")


def test_number_without_a_country_asks_for_it_and_offers_the_plus() -> None:
    error = refused("442079460018")
    assert error.code == "country_required"
    assert [c["e164"] for c in error.details["suggestions"]] == ["+442079460018"]
    assert refused("2125550123").details == {"suggestions": []}


def test_number_of_another_country_than_the_one_stated_is_suggested() -> None:
    error = refused("020 7946 0018", stated="US", default="GB")
    assert error.code == "invalid_number"
    assert error.hint == "Did you mean +44 20 7946 0018 (United Kingdom)?"
    assert [c["e164"] for c in error.details["suggestions"]] == ["+442079460018"]


def test_letters_for_digits_are_repaired_in_the_hint() -> None:
    assert refused("O20 7946 OOl8", stated="GB").hint == "Write it as 020 7946 0018"


def test_plus_before_a_zero_in_brackets_is_explained() -> None:
    assert refused("+(0)44 20 7946 0018").message.startswith("No country code begins with 0")
