"""Text around a number: labels, links, quotes, and text that is no number at all."""

import pytest

from telephony.numbers.wrapping import unwrap
from tests.telephony.numbers.outcomes import candidates, outcome, refused

LONDON = "+442079460018"


@pytest.mark.parametrize(
    "text",
    [
        "Direct: +44 20 7946 0018", "Direct line - +44 20 7946 0018", "Main: +44 20 7946 0018",
        "T: +44 20 7946 0018", "T +44 20 7946 0018", "O: +44 20 7946 0018",
        "Phone (work): +44 20 7946 0018",
        "Office / Mobile: +44 20 7946 0018", "Tel. no.: +44 20 7946 0018",
        "Tel 2: +44 20 7946 0018",
        "+44 20 7946 0018 (office)", "WhatsApp: +44 20 7946 0018", "Call us: +44 20 7946 0018",
        "Teléfono (oficina): +44 20 7946 0018", "Téléphone fixe : +44 20 7946 0018",
        "Telefon privat: +44 20 7946 0018", "Telefone celular +44 20 7946 0018",
        "Моб. тел.: +44 20 7946 0018", "Τηλ.: +44 20 7946 0018", "電話番号：+44 20 7946 0018",
        "联系电话：+44 20 7946 0018", "휴대폰: +44 20 7946 0018", "هاتف: +44 20 7946 0018",
        "טלפון: +44 20 7946 0018", "फ़ोन: +44 20 7946 0018", "โทร. +44 20 7946 0018",
        "Điện thoại: +44 20 7946 0018", "Numéro de téléphone : +44 20 7946 0018",
        "代表電話 +44 20 7946 0018",
        "フリーダイヤル +44 20 7946 0018", "رقم الهاتف: +44 20 7946 0018", "т. +44 20 7946 0018",
        "London office: +44 20 7946 0018", "DDI +44 20 7946 0018", "H/P: +44 20 7946 0018",
        "Cell #: +44 20 7946 0018", "Phone# +44 20 7946 0018", "Tel.č.: +44 20 7946 0018",
        "📱: +44 20 7946 0018", "手机号码 +44 20 7946 0018", "Freecall +44 20 7946 0018",
        "Puh. +44 20 7946 0018",
        "TEL;TYPE=work,voice:+44 20 7946 0018",
        "item1.TEL;type=pref:+44 20 7946 0018", "TEL;VALUE=uri:tel:+44-20-7946-0018",
    ],
)  # fmt: skip
def test_label_is_taken_off(text: str) -> None:
    assert candidates(text) == [LONDON]


def test_words_that_are_no_label_are_refused() -> None:
    assert refused("call me on +44 20 7946 0018").details["reason"] == "letters"
    assert refused("Platform 9 +44 20 7946 0018").details["reason"] == "letters"
    for text in ("UK 020 7946 0018", "London: 020 7946 0018", "020 7946 0018, UK"):
        assert refused(text, default="DE").details["reason"] == "letters"


@pytest.mark.parametrize(
    "text",
    [
        "https://wa.me/442079460018", "https://wa.me/442079460018?text=Hello%20there",
        "https://wa.me/?phone=442079460018", "wa.me/+442079460018",
        "https://api.whatsapp.com/send?phone=%2B442079460018&text=hi",
        "https://web.whatsapp.com/send?phone=442079460018",
        "whatsapp://send?phone=+442079460018", "whatsapp://send/?text=hi&phone=442079460018",
        "viber://chat?number=%2B442079460018", "viber://add?number=442079460018",
        "https://signal.me/#p/+442079460018", "https://t.me/+442079460018",
        "tg://resolve?phone=442079460018",
        "facetime:+442079460018", "facetime-audio://+442079460018", "skype:+442079460018?call",
        "callto:+44%2020%207946%200018", "sms:+442079460018?body=hi%201",
        "sms:+442079460018&body=hi",
        "sip:+442079460018@example.com;user=phone", "tel:20-7946-0018;phone-context=+44",
        "Mobile: https://wa.me/442079460018",
        "https://wa.me/442079460018?text=" + "Good%20day%2C%20" * 60,
        "https://api.whatsapp.com/send?text=hi%26phone%3D447400123456&phone=442079460018",
        "https://api.whatsapp.com/send?phone=%E2%80%8E%2B44%C2%A020%207946%200018",
        "https://wa.me/442079460018?text=call%20%2B447400123456",
    ],
)  # fmt: skip
def test_link_gives_its_number(text: str) -> None:
    assert candidates(text, default="DE") == [LONDON]


def test_link_with_two_numbers_and_one_beyond_any_length_are_refused() -> None:
    two = "https://api.whatsapp.com/send?phone=442079460018&phone=447400123456"
    assert refused(two).details["reason"] == "second_number"
    assert refused("https://wa.me/442079460018?text=" + "a" * 1000).details["reason"] == "too_long"
    assert refused("tel:+44" + " 20 7946 0018" * 12).details["reason"] == "too_long"


def test_link_keeps_the_extension() -> None:
    assert outcome("tel:+44-20-7946-0018;ext=12") == f"{LONDON} 12"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.com/118118", "link"),
        ("www.example.com/911", "link"),
        ("example.co.uk/112", "link"),
        ("https://wa.me/message/ABCDEFG1234567", "link"),
        ("https://t.me/example", "link"),
        ("alice.2125550123@example.com", "address"),
        ("192.168.100.200", "address"),
        ("10.0.0.1", "address"),
        ("tel:7042;phone-context=example.com", "private_number"),
        ("sip:7042@example.com", "private_number"),
        ("2026-11-29", "date"),
        ("29.11.2026", "date"),
        ("11/29/2026", "date"),
        ("1,234,567.89", "amount"),
        ("1.234.567,89", "amount"),
        ("20.79", "amount"),
        ("€ 2079", "amount"),
        ("4.42079E+11", "rounded"),
        ("4,42079e11", "rounded"),
        ("DE89 3704 0044 0532 0130 00", "letters"),
        ("🇬🇧 020 7946 0018", "flag"),
        ("²⁰⁷⁹", "sign"),
    ],
)
def test_text_that_is_something_else_is_called_that(text: str, reason: str) -> None:
    for country in ("DE", "NO", "US"):
        error = refused(text, default=country)
        assert (error.code, error.details["reason"]) == ("invalid_number", reason)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('="+442079460018"', "+442079460018"),
        ("'+442079460018", "+442079460018"),
        ("=+442079460018", "+442079460018"),
        ('"+442079460018",', "+442079460018"),
        ("442079460018.0", "442079460018"),
        ("🇬🇧 +44 20 7946 0018", "+44 20 7946 0018"),
        ("➕44 20 7946 0018", "+44 20 7946 0018"),
        ("• 020 7946 0018", "020 7946 0018"),
        ("0️⃣2️⃣0️⃣", "020"),
        ("＋４４　２０", "+44 20"),
        ("+٤٤ ٢٠", "+44 20"),
        ("22.12.34.56", "22.12.34.56"),
    ],
)
def test_decoration_of_programs_is_taken_off(text: str, plain: str) -> None:
    assert unwrap(text) == plain


def test_remark_behind_a_number_is_left_out_unless_it_names_a_country() -> None:
    assert candidates("070 123 45 67 (Axel)", default="SE") == ["+46701234567"]
    assert candidates("+44 20 7946 0018 (UK)", default="DE") == [LONDON]
    assert refused("020 7946 0018 (UK)", default="DE").details["reason"] == "country_in_text"


def test_mark_that_turns_digits_round_is_refused() -> None:
    assert refused("\u202e8100 6497 020", stated="GB").details["reason"] == "sign"


def test_short_date_is_a_number_where_numbers_are_written_so() -> None:
    assert candidates("20.08.81", default="NC") == ["+687200881"]
    assert refused("03.06.15", default="DE").details["reason"] == "date"
