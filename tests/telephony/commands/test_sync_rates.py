"""`manage.py sync_rates`: a deck from Twilio's own prices."""

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from telephony.models import RateDeck
from telephony.rates.deck import find_rate
from tests.patience import patience_seconds
from tests.telephony.printing import printed
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = patience_seconds(request)


def test_deck_is_built_from_twilios_prices() -> None:
    told = printed("sync_rates", "--margin", "40", "--minimum", "0.01", "--country", "GB")
    assert "Stored as" in told
    rate = find_rate("+447400123456")
    assert rate is not None
    assert (rate.kind, rate.price.first_seconds) == ("mobile", 60)
    assert rate.price.micros_per_minute >= 10_000
    assert rate.price.micros_per_minute % 100 == 0


def test_prices_in_another_currency_are_refused_by_name(sandbox: Sandbox) -> None:
    sandbox.post("twilio", currency="EUR")
    with pytest.raises(CommandError, match="are in EUR, and a deck is in USD"):
        printed("sync_rates", "--margin", "30", "--country", "GB")
    assert not RateDeck.objects.exists()


@pytest.mark.parametrize("kind", ["500", "timeout", "empty", "malformed"])
def test_faults_of_the_pricing_api_store_nothing(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault(kind, "/Countries/GB")
    with pytest.raises(CommandError):
        printed("sync_rates", "--margin", "30", "--country", "GB")
    assert not RateDeck.objects.exists()
