"""Prices that Twilio charges, and the margin added to each."""

from pathlib import Path

import pytest
from pytest_django import Settings

from telephony.models import RateDeck
from tests.telephony.printing import printed
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = 2.0


def test_margin_is_on_top_of_the_dearest_origin(tmp_path: Path) -> None:
    for percent in ("0", "100"):
        printed("sync_rates", "--margin", percent, "--minimum", "0", "--country", "GB",
                "--output", str(tmp_path / percent))  # fmt: skip
    assert not RateDeck.objects.exists()
    assert sum_of(tmp_path / "100") == 2 * sum_of(tmp_path / "0")


def sum_of(path: Path) -> int:
    rows = path.read_text().splitlines()[1:]
    return sum(round(float(row.split(",")[-4]) * 1_000_000) for row in rows)


def test_all_countries_make_a_deck_that_validates() -> None:
    printed("sync_rates", "--margin", "30")
    assert RateDeck.objects.get().row_count > 200
