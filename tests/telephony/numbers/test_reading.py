"""Reading numbers: what a number says about itself, and its written forms."""

import pytest

from telephony.numbers import mask, number_from_e164
from tests.telephony.numbers.outcomes import read, refused


def test_number_shows_everything_about_itself() -> None:
    number = read("020 7946 0018 ext. 12", stated="GB")
    assert number.e164 == "+442079460018"
    assert (number.country, number.calling_code, number.kind) == ("GB", 44, "fixed")
    assert number.international == "+44 20 7946 0018"
    assert number.national == "020 7946 0018"
    assert (number.extension, number.send_digits) == ("12", "ww12")


def test_number_with_two_meanings_gives_both() -> None:
    error = refused("00912642351234", default="NG")
    assert error.code == "ambiguous_number"
    assert [c["e164"] for c in error.details["candidates"]] == ["+912642351234", "+12642351234"]
    assert set(error.details["candidates"][0]) == {
        "e164", "country", "country_name", "kind", "international", "extension", "redial",
    }  # fmt: skip


def test_mask_keeps_country_code_and_four_digits() -> None:
    assert mask("+442079460018") == "+44 … 0018"


def test_stated_country_may_be_a_name_and_must_be_one() -> None:
    assert read("020 7946 0018", stated="united kingdom").country == "GB"
    assert refused("020 7946 0018", stated="Untied Kingdom").code == "unknown_country"


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
