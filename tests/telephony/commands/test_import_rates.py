"""`manage.py import_rates`."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from mobayilo.lib.errors import ProductError
from telephony.models import Rate, RateDeck
from telephony.rates.deck import find_rate
from tests.telephony.decks import GOOD, Import, price_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]
ROOT = Path(__file__).resolve().parents[3]


def test_dry_run_stores_nothing(load: Import) -> None:
    assert "Dry run" in load(GOOD, "--dry-run")
    assert not RateDeck.objects.exists()


def test_same_file_twice_is_one_deck(load: Import) -> None:
    load(GOOD)
    assert "nothing to do" in load(GOOD)
    assert RateDeck.objects.count() == 1


def test_sample_deck_is_refused_in_production(settings: Settings) -> None:
    settings.IS_LOCAL = False
    with pytest.raises(CommandError, match="sample"):
        call_command("import_rates", str(ROOT / "telephony/decks/sample.csv"))


def test_sample_deck_of_a_laptop_prices_nothing_in_public(load: Import, settings: Settings) -> None:
    load("# a sample\n" + GOOD.replace("0.012", "0.001"))
    assert price_of("+442079460018") == 1_000
    settings.IS_LOCAL = False
    with pytest.raises(ProductError, match="No prices"):
        find_rate("+442079460018")
    assert "telephony.E007" in problems_of_deployment()
    assert "1 added" in load(GOOD)  # and no jump from what never was in force
    assert price_of("+442079460018") == 12_000
    assert "telephony.E007" not in problems_of_deployment()


def problems_of_deployment() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_sample_deck_is_imported_on_a_laptop() -> None:
    call_command("import_rates", str(ROOT / "telephony/decks/sample.csv"), stdout=StringIO())
    deck = RateDeck.objects.get()
    assert deck.is_sample
    assert deck.row_count == Rate.objects.count() > 1000
