"""The ways that digits can be meant, each apart from the others."""

import pytest

from tests.telephony.numbers.outcomes import candidates, refused


@pytest.mark.parametrize(
    ("text", "caller", "e164"),
    [
        ("001 44 20 7946 0018", "SG", "+442079460018"),
        ("008 44 20 7946 0018", "SG", "+442079460018"),
        ("013 44 20 7946 0018", "IL", "+442079460018"),
        ("007 44 20 7946 0018", "CO", "+442079460018"),
        ("1880 44 20 7946 0018", "CL", "+442079460018"),
        ("006 44 20 7946 0018", "HK", "+442079460018"),
    ],
)
def test_exit_code_of_a_carrier_is_known(text: str, caller: str, e164: str) -> None:
    assert candidates(text, default=caller) == [e164]


def test_neighbours_in_east_africa_dial_each_other_without_a_calling_code() -> None:
    assert candidates("005 712 345678", default="UG") == ["+254712345678"]
    assert candidates("007 621 234567", default="KE") == ["+255621234567"]
    assert candidates("006 70 903 8314", default="KE") == ["+6709038314", "+256709038314"]


@pytest.mark.parametrize("caller", ["HK", "ID", "KR", "SG", "TH"])
def test_00_wins_over_codes_of_carriers_in_joined_digits(caller: str) -> None:
    assert candidates("0016497122217", default=caller) == ["+16497122217"]
    assert candidates("00212672511138", stated="SX", default=caller) == ["+212672511138"]


def test_legacy_one_of_mexico_comes_after_its_calling_code_only() -> None:
    assert candidates("+52 1 55 1234 5678") == ["+525512345678"]
    assert candidates("1 800-936-7672", stated="MX") == []


def test_digits_of_one_town_are_no_number_of_the_country() -> None:
    assert refused("205246", default="DE").details["reason"] == "area_code_missing"
    assert "+64855607" not in candidates("6485 5607", default="AT")
    assert candidates("30 123456", default="DE") == ["+4930123456"]


def test_exit_code_that_is_also_00_and_a_calling_code_is_asked_about() -> None:
    assert candidates("001 47 32 69 12 57", default="GY") == ["+4732691257", "+14732691257"]
    assert candidates("0014732691257", default="GY") == ["+14732691257", "+4732691257"]
    assert candidates("001 473-269-1257", default="GY") == ["+14732691257"]
    assert candidates("001 44 20 7946 0018", default="GY") == ["+442079460018"]
