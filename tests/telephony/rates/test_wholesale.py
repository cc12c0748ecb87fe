"""Prices that Twilio charges, and the margin added to each."""

import csv
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from telephony.models import RateDeck
from telephony.rates.files import Margin, deck_from_prices, parse_deck
from telephony.twilio.gateway import ProviderPrice
from tests.patience import patience_seconds
from tests.telephony.printing import printed
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = patience_seconds(request)


def test_margin_is_on_top_of_each_price_of_a_number_shown(tmp_path: Path) -> None:
    for percent in ("0", "100"):
        printed("sync_rates", "--margin", percent, "--minimum", "0", "--country", "GB",
                "--output", str(tmp_path / percent))  # fmt: skip
    assert not RateDeck.objects.exists()
    single, double = prices_of(tmp_path / "0"), prices_of(tmp_path / "100")
    assert double == {key: 2 * micros for key, micros in single.items()}
    assert single["447", "33 353 44 49"] < single["447", ""]


def prices_of(path: Path) -> dict[tuple[str, str], int]:
    rows = csv.DictReader(path.read_text().splitlines())
    return {
        (row["prefix"], row["shown_prefixes"]): round(float(row["price_per_minute"]) * 1_000_000)
        for row in rows
    }


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sets(st.sampled_from("123"), max_size=2)), max_size=6)
)
def test_higher_of_two_prices_for_the_same_numbers_counts(
    prices: list[tuple[int, set[str]]],
) -> None:
    listed = [("GB", ProviderPrice("UK", ("44",), cents * 10_000, tuple(s))) for cents, s in prices]
    text = deck_from_prices(listed, margin=Margin(0, 0, 60, 60))
    rows = [row for row in parse_deck(text, now=timezone.now()).rows if row.prefix == "44"]
    found = {s: row.micros_per_minute for row in rows for s in row.shown_prefixes.split() or [""]}
    wanted: dict[str, int] = {}
    for cents, shown in prices:
        for one in shown or {""}:
            wanted[one] = max(wanted.get(one, 0), cents * 10_000)
    assert found == wanted


def test_all_countries_make_a_deck_that_validates() -> None:
    printed("sync_rates", "--margin", "30")
    assert RateDeck.objects.get().row_count > 200
