"""Amounts inside and outside: exact both ways, and never read as another amount."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import (
    MICROS_PER_CENT,
    align_decimals,
    dollars_to_micros,
    format_balance,
    format_change,
    format_held,
    format_micros,
    format_money,
    micros_to_cents,
    read_amount,
)

AMOUNTS = st.integers(-(10**15), 10**15)


@given(AMOUNTS)
def test_printed_amount_is_the_same_amount_with_two_to_six_decimals(micros: int) -> None:
    text = format_micros(micros)
    decimals = text.partition(".")[2]
    assert dollars_to_micros(Decimal(text)) == micros
    assert 2 <= len(decimals) <= 6
    assert len(decimals) == 2 or not decimals.endswith("0")


@given(AMOUNTS)
def test_cents_are_never_more_than_there_is(micros: int) -> None:
    rest = micros - micros_to_cents(micros) * MICROS_PER_CENT
    assert 0 <= rest < MICROS_PER_CENT


@given(st.integers(0, 99_999_999_999), st.sampled_from(["", "$", "$ ", " "]))
def test_amount_that_a_person_writes_is_read_in_cents(cents: int, before: str) -> None:
    dollars, rest = divmod(cents, 100)
    assert read_amount(f"{before}{dollars}.{rest:02d} ") == cents
    assert read_amount(str(dollars)) == dollars * 100
    assert read_amount(f"{dollars}.{rest // 10}") == cents - rest % 10


@pytest.mark.parametrize(
    "text", ["", "-5", "1,50", "1,000", "20.001", "1e3", "٢٠", "20 USD", ".5", "5.", "9" * 10]
)
def test_text_that_may_mean_another_amount_is_refused(text: str) -> None:
    with pytest.raises(ProductError) as refused:
        read_amount(text)
    assert refused.value.code == "invalid_amount"
    assert ("a comma may mean two things" in refused.value.message) == ("," in text)


def test_amount_finer_than_a_micro_dollar_is_refused() -> None:
    assert dollars_to_micros(Decimal("0.0000010")) == 1
    with pytest.raises(ValueError, match="finer than a micro-dollar"):
        dollars_to_micros(Decimal("0.0000001"))


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (20_000_000, "$20.00"),
        (12_500, "$0.0125"),
        (-1_500_000, "−$1.50"),
        (1_250_000_001, "$1,250.000001"),
    ],
)
def test_money_reads_exactly(micros: int, text: str) -> None:
    assert format_money(micros) == text


@pytest.mark.parametrize(
    ("micros", "text"), [(19_999_999, "$19.99"), (20_000_000, "$20.00"), (9_999, "$0.00")]
)
def test_balance_never_shows_more_than_there_is(micros: int, text: str) -> None:
    assert format_balance(micros) == text


@pytest.mark.parametrize(
    ("micros", "text"), [(10_300_334, "$10.31"), (5_000_000, "$5.00"), (1, "$0.01")]
)
def test_held_never_shows_less_than_there_is(micros: int, text: str) -> None:
    assert format_held(micros) == text


def test_change_carries_its_sign() -> None:
    assert format_change(20_000_000) == "+$20.00"
    assert format_change(-45_000) == "−$0.045"


@pytest.mark.parametrize("amount", ["$0.00", "$0.045", "−$12.3456"])
def test_amounts_of_a_column_end_at_the_same_place(amount: str) -> None:
    assert len(align_decimals(amount).partition(".")[2]) == 4
