"""Reading numbers: the rules, one by one. The table of dialling habits is in number_inputs.csv."""

import pytest

from mobayilo.lib.errors import ProductError
from telephony.numbers import Number, mask, read_number


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
        "e164",
        "country",
        "country_name",
        "kind",
        "international",
    }


def test_number_too_short_gets_a_repaired_example() -> None:
    message = "Too short: a mobile in GB has 10 digits after the 0, like 07400 123456."
    assert refused("07400 123", stated="GB").message == message
    error = refused("+44 7400 123", default="US")
    assert error.code == "invalid_number"
    assert error.details == {"reason": "too_short", "country": "GB", "example": "+44 7400 123456"}


def test_mask_keeps_country_code_and_four_digits() -> None:
    assert mask("+442079460018") == "+44 … 0018"
