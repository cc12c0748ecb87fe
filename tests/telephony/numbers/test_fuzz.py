"""Any text is read as a real number, or refused with a next step."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from mobayilo.lib.errors import ProductError
from telephony.numbers import Number, read_number

COUNTRIES = st.none() | st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))
LIKE_NUMBERS = st.text(
    alphabet="0123456789+()[]-./ ,;:@?&~=x#*OolwpABC•…\u200e\u2212\u00a0٣９²\n", max_size=40
)


def attempt(text: str, stated: str | None, default: str | None) -> Number | ProductError:
    try:
        return read_number(text, stated_country=stated, default_country=default)
    except ProductError as error:
        return error


@given(text=st.text(max_size=200) | LIKE_NUMBERS, stated=COUNTRIES, default=COUNTRIES)
def test_any_text_is_read_or_refused(text: str, stated: str | None, default: str | None) -> None:
    outcome = attempt(text, stated, default)
    if isinstance(outcome, ProductError):
        assert outcome.message
        assert outcome.hint
    else:
        assert phonenumbers.is_valid_number(phonenumbers.parse(outcome.e164))
        again = read_number(outcome.redial, stated_country=None, default_country=default)
        assert again == outcome


@given(text=st.text(max_size=300), country=st.text(max_size=300))
def test_any_country_is_used_or_refused(text: str, country: str) -> None:
    outcome = attempt(text, country or None, country or None)
    assert isinstance(outcome, (Number, ProductError))


@given(
    nsn=st.integers(min_value=2_000_000_000, max_value=9_999_999_999),
    separator=st.sampled_from(
        ["", " ", "-", ".", "\u2011", "\u2212", "\u00a0", "\u202f", "\u200b"]
    ),
    plus=st.sampled_from(["+1", "1", "(+1)", "001", "011 1", "\u202a+1", "tel:+1", ""]),
)
def test_writing_does_not_change_the_number(nsn: int, separator: str, plus: str) -> None:
    digits = str(nsn)
    text = separator.join([plus, digits[:3], digits[3:6], digits[6:]])
    outcome = attempt(text, "US", None)
    if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{digits}")):
        assert isinstance(outcome, Number)
        assert outcome.e164 == f"+1{digits}"
