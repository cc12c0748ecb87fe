"""A number as written: brackets, marks for hidden digits, letters and extensions."""

import pytest

from telephony.numbers.text import Group, read_text
from tests.telephony.numbers.outcomes import candidates, outcome, refused


def test_groups_keep_their_brackets() -> None:
    written = read_text("(44) (0) 20 7946-0018")
    assert written.groups[:3] == (Group("44", True), Group("0", True), Group("20", False))
    assert (written.zero_at, written.is_international) == (1, True)
    assert written.after("") == ["442079460018", "4402079460018"]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+503 (0) 2298 7654", "+50322987654"),
        ("+504 (0)2234 5678", "+50422345678"),
        ("+505[0]22123456", "+50522123456"),
        ("+506 ( 0 ) 2212 3456", "+50622123456"),
        ("(+507) (0) 212-3456", "+5072123456"),
        ("[+44] (0) (20) 7946 0018", "+442079460018"),
        ("00502 (0) 2234 5678", "+50222345678"),
        ("00 (44) (0)20 7946 0018", "+442079460018"),
        ("011 44 (0) 20 7946 0018", "+442079460018"),
        ("36 (0) 1 234 5678", "+3612345678"),
        ("+44 0(20) 7946 0018", "+442079460018"),
        ("+44 (020) 7946 0018", "+442079460018"),
        ("+39 (0)6 1234 5678", "+390612345678"),
        ("+378 (0)549 882345", "+3780549882345"),
        ("+1 (1) 212 555 0123", "+12125550123"),
    ],
)
def test_zero_in_brackets_belongs_to_the_calling_code_before_it(text: str, e164: str) -> None:
    assert candidates(text, default="DE") == [e164]


def test_zero_in_brackets_that_may_belong_is_asked_about() -> None:
    assert candidates("+39 (0) 331 123 4567") == ["+393311234567", "+3903311234567"]


def test_zero_in_brackets_of_belarus_is_dialled() -> None:
    assert candidates("8 (0) 29 123-45-67", stated="BY") == ["+375291234567"]


def test_zero_in_brackets_elsewhere_is_refused() -> None:
    assert refused("+4420 (0) 7946 0018").details["reason"] == "bracketed_zero"
    assert refused("030 (0) 123456", stated="DE").details["reason"] == "bracketed_zero"
    assert refused("0044 (0) 20 7946", stated="DE").details["reason"] == "too_short"
    assert refused("(0)20 7946 0018", default="US").code == "invalid_number"


@pytest.mark.parametrize(
    "text",
    [
        "+1 212 555 XXXX", "+49 30 12345x", "+34 91X XX XX XX", "020 7946 00••", "+49 30 12345●●",
        "+49 30 12345…", "+49 30 12345...", "+44 … 0018", "+44 … 0018 x12", "+49 30 1234\ufffd5",
        "+49 30 1234*5", "+49 30 1234__", "+49 30 1234?", "+49 30 12##", "•• 30 12345678",
        "+49 30 1234··", "+49 30 1234..", "+49 30 1234--", "+49 30 1234-",
        "+49 30 1234 (xx)", "+49 30 123x456", "+49 30 1234 [...]",
        "+7 912 ххх-хх-хх", "1-800-NNN-NNNN", "0XX 123 45 67",
    ],
)  # fmt: skip
def test_hidden_digits_are_refused_and_never_asked_about(text: str) -> None:
    error = refused(text, default="DE")
    assert (error.code, error.details["reason"]) == ("invalid_number", "hidden_digits")


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("03-1234-5678 内線12", "JP"), ("03-1234-5678（内線番号：12）", "JP"),
        ("02-312-3456 구내 12", "KR"),
        ("02 2123 4567轉12", "TW"), ("010 1234 5678 转 12", "CN"),
        ("22 123 45 67 wewn.12", "PL"), ("8 (495) 123-45-67 вн. 12", "RU"),
        ("044 123 4567 (дод. 12)", "UA"), ("01 23 45 67 89 poste 12", "FR"),
        ("(11) 2345-6789 ramal: 12", "BR"), ("01 1234567 anexo 12", "PE"),
        ("030 123456, Durchwahl 12", "DE"), ("030 123456 App. 12", "DE"),
        ("020 123 4567 toestel 12", "NL"), ("21 234 5678 linha 12", "PT"),
        ("0212 345 67 89 dahili 12", "TR"), ("601 123 456 klapka 12", "CZ"),
        ("08-12 34 56 ankn. 12", "SE"), ("02 123 4567 ต่อ 12", "TH"),
        ("02-123-4567 שלוחה 12", "IL"),
        ("011 234 5678 تحويلة 12", "SA"), ("020 7946 0018 extn 12", "GB"),
        ("020 7946 0018；ext=12", "GB"),
    ],
)  # fmt: skip
def test_extensions_are_read_in_the_languages_of_the_world(text: str, country: str) -> None:
    assert outcome(text, stated=country).endswith(" 12")


def test_carrier_of_brazil_is_no_hidden_digit_there_only() -> None:
    assert candidates("0xx11 91234-5678", stated="BR") == ["+5511912345678"]
    assert candidates("+55 (0XX11) 91234-5678") == ["+5511912345678"]
    assert candidates("0xx(11)2345-6789", stated="BR") == ["+551123456789"]
    assert refused("0xx11 91234-5678", stated="DE").details["reason"] == "hidden_digits"


def test_tilde_is_a_dialling_tone_or_a_range() -> None:
    assert candidates("0~0 44 20 7946 0018", default="UA") == ["+442079460018"]
    assert refused("02-123-4567~8", stated="KR").details["reason"] == "second_number"
