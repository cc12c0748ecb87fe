"""The operator's commands about Twilio, with the sandbox in its place."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from telephony.checks import check_call_limits
from telephony.models import RateDeck
from telephony.rates.deck import find_rate
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = 2.0


def printed(command: str, *arguments: str) -> str:
    text = StringIO()
    call_command(command, *arguments, stdout=text, stderr=text)
    return text.getvalue()


def test_check_twilio_finds_all_well() -> None:
    told = printed("check_twilio", "--country", "GB")
    assert "✓ account: active" in told
    assert "✓ calls to GB: open" in told
    assert "All is well." in told


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("TWILIO_AUTH_TOKEN", "wrong", "account"),
        ("TWILIO_VERIFY_SERVICE_SID", "VA" + "9" * 32, "Verify service"),
        ("TWILIO_FROM_NUMBER", "+12025550199", "our number"),
        ("TWILIO_API_URL", "http://127.0.0.1:9", "account"),
    ],
)
def test_check_twilio_says_what_to_put_right(
    settings: Settings, setting: str, value: str, name: str
) -> None:
    setattr(settings, setting, value)
    with pytest.raises(CommandError, match=name):
        printed("check_twilio")


def test_check_twilio_sees_closed_countries(sandbox: Sandbox) -> None:
    sandbox.post("twilio", closed_countries=["GB"])
    with pytest.raises(CommandError, match="calls to GB"):
        printed("check_twilio", "--country", "GB")


def test_deck_is_built_from_twilios_prices() -> None:
    told = printed("sync_rates", "--margin", "40", "--minimum", "0.01", "--country", "GB")
    assert "Stored as" in told
    rate = find_rate("+447400123456")
    assert rate is not None
    assert (rate.kind, rate.price.first_seconds) == ("mobile", 60)
    assert rate.price.micros_per_minute >= 10_000
    assert rate.price.micros_per_minute % 100 == 0


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


@pytest.mark.parametrize("kind", ["500", "timeout", "empty", "malformed"])
def test_faults_of_the_pricing_api_store_nothing(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault(kind, "/Countries/GB")
    with pytest.raises(CommandError):
        printed("sync_rates", "--margin", "30", "--country", "GB")
    assert not RateDeck.objects.exists()


@pytest.mark.parametrize(
    ("setting", "value", "identifier"),
    [
        ("TWILIO_ACCOUNT_SID", "SK123", "telephony.E001"),
        ("TWILIO_VERIFY_SERVICE_SID", "", "telephony.E002"),
        ("TWILIO_FROM_NUMBER", "0207 946 0018", "telephony.E003"),
        ("TWILIO_AUTH_TOKEN", "", "telephony.E006"),
        ("CALL_RING_SECONDS", 3, "telephony.E004"),
        ("CALL_MAX_SECONDS", 15_000, "telephony.E005"),
        ("IS_LOCAL", False, "telephony.W001"),
        ("TWILIO_API_URL", "", "telephony.W002"),
    ],
)
def test_configuration_that_cannot_work_is_refused(
    settings: Settings, setting: str, value: object, identifier: str
) -> None:
    before = {message.id for message in run_checks()}
    setattr(settings, setting, value)
    found = {message.id: message for message in run_checks()}
    assert identifier in found.keys() - before
    assert found[identifier].hint


def test_longest_call_fits_between_the_rings(settings: Settings) -> None:
    settings.CALL_RING_SECONDS, settings.CALL_MAX_SECONDS = 60, 4 * 3600 - 65
    assert check_call_limits(None) == []
