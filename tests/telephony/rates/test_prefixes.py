"""The prefix of a number that has a rate."""

import pytest

from telephony.rates.deck import find_rate

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize(
    ("number", "prefix"),
    [("+442079460018", "44"), ("+447400123456", "447"), ("+4915112345678", "4915")],
)
def test_longest_prefix_wins(number: str, prefix: str) -> None:
    rate = find_rate(number)
    assert rate is not None
    assert rate.prefix == prefix


@pytest.mark.usefixtures("deck")
def test_number_without_a_prefix_has_no_rate() -> None:
    assert find_rate("+81312345678") is None
