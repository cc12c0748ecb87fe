"""Emergency and short numbers are refused before anything is parsed."""

from tests.telephony.numbers.outcomes import read, refused


def test_emergency_numbers_say_where_to_dial_them() -> None:
    error = refused("999", default="GB")
    assert error.kind.exit_code == 5
    assert error.message.startswith("999 is an emergency number in United Kingdom.")
    assert error.hint == "Dial 999 directly on a phone where help is needed."


def test_whole_numbers_that_end_like_an_emergency_number_are_read() -> None:
    assert read("20911", default="SH").e164 == "+29020911"
    assert read("+29020911").e164 == "+29020911"
