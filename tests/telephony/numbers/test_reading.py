"""Reading numbers: the rules, one by one. The table of dialling habits is in number_inputs.csv."""

import pytest

from mobayilo.lib.errors import ProductError
from telephony.numbers import Number, mask, number_from_e164, read_number


def refused(text: str, *, stated: str | None = None, default: str | None = None) -> ProductError:
    with pytest.raises(ProductError) as refusal:
        read_number(text, stated_country=stated, default_country=default)
    return refusal.value


def read(text: str, *, stated: str | None = None, default: str | None = None) -> Number:
    return read_number(text, stated_country=stated, default_country=default)


def test_number_tells_everything_about_itself() -> None:
    number = read("020 7946 0018 ext. 12", stated="GB")
    assert number.e164 == "+442079460018"
    assert (number.country, number.calling_code, number.kind) == ("GB", 44, "fixed")
    assert number.international == "+44 20 7946 0018"
    assert number.national == "020 7946 0018"
    assert (number.extension, number.send_digits) == ("12", "ww12")


def test_number_with_two_meanings_gives_both() -> None:
    error = refused("0081 90 1234 5678", default="KR")
    assert error.code == "ambiguous_number"
    assert [c["e164"] for c in error.details["candidates"]] == ["+819012345678", "+19012345678"]
    assert set(error.details["candidates"][0]) == {
        "e164", "country", "country_name", "kind", "international", "extension", "redial",
    }  # fmt: skip


def test_number_too_short_gets_a_repaired_example() -> None:
    message = "Too short: a mobile in GB has 10 digits after the 0, like 07400 123456."
    assert refused("07400 123", stated="GB").message == message
    error = refused("+44 7400 123", default="US")
    assert error.code == "invalid_number"
    assert error.details["reason"] == "too_short"
    assert error.details["country"] == "GB"
    assert error.details["example"] == "+44 7400 123456"


def test_mask_keeps_country_code_and_four_digits() -> None:
    assert mask("+442079460018") == "+44 … 0018"


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
        ("", "GB", "no_digits"),
    ],
)
def test_refusal_names_its_reason(text: str, country: str, reason: str) -> None:
    error = refused(text, stated=country)
    assert (error.code, error.details["reason"]) == ("invalid_number", reason)
    assert error.hint


def test_number_from_before_a_renumbering_is_told_what_changed() -> None:
    error = refused("90 01 12 34", default="BJ")
    assert "got 01 in front on 30 November 2024" in error.hint


def test_number_with_a_zero_too_many_is_told_to_leave_it_out() -> None:
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


def test_stated_country_may_be_a_name_and_must_be_one() -> None:
    assert read("020 7946 0018", stated="united kingdom").country == "GB"
    assert refused("020 7946 0018", stated="Untied Kingdom").code == "unknown_country"


def test_emergency_numbers_say_where_to_dial_them() -> None:
    error = refused("999", default="GB")
    assert error.kind.exit_code == 5
    assert error.message.startswith("999 is an emergency number in United Kingdom.")
    assert error.hint == "Dial 999 directly on a phone where help is needed."


def test_whole_numbers_that_end_like_an_emergency_number_are_read() -> None:
    assert read("20911", default="SH").e164 == "+29020911"
    assert read("+29020911").e164 == "+29020911"


def test_pauses_before_tones_are_kept() -> None:
    number = read("+1 212 555 0123,,99#,1")
    assert (number.extension, number.send_digits) == ("99#,1", "wwwwwwww99#wwww1")
    assert refused("+1 212 555 0123,,,,,,,,99").details["reason"] == "extension"


@pytest.mark.parametrize(
    ("e164", "kind"),
    [
        ("+447400123456", "mobile"),
        ("+12125550123", "fixed_or_mobile"),
        ("+448001111", "toll_free"),
        ("+449098790000", "premium"),
        ("+611300654321", "shared_cost"),
        ("+445612345678", "voip"),
        ("+447012345678", "personal"),
        ("+447640123456", "pager"),
        ("+445512345678", "uan"),
        ("+881612345678", "satellite"),
        ("+870301234567", "satellite"),
        ("+88213412345", "international_network"),
        ("+979123456789", "premium"),
    ],
)
def test_kind_of_number_is_what_its_range_is_for(e164: str, kind: str) -> None:
    number = number_from_e164(e164)
    assert (number.e164, number.kind) == (e164, kind)
    assert (number.country == "001") == (number.calling_code > 799)
