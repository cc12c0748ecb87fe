"""Settings of this room that cannot work."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from telephony.checks import check_call_limits, check_voice_settings
from tests.patience import patience_seconds
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = patience_seconds(request)


@pytest.mark.parametrize(
    ("setting", "value", "identifier"),
    [
        ("TWILIO_ACCOUNT_SID", "SK123", "telephony.E001"),
        ("TWILIO_VERIFY_SERVICE_SID", "", "telephony.E002"),
        ("TWILIO_FROM_NUMBER", "0207 946 0018", "telephony.E003"),
        ("TWILIO_AUTH_TOKEN", "", "telephony.E006"),
        ("TWILIO_TWIML_APP_SID", "AP" + "0" * 32, "telephony.E009"),
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


def test_voice_settings_stand_as_a_whole(settings: Settings) -> None:
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = "SK" + "0" * 32, "secret"
    settings.TWILIO_TWIML_APP_SID = "AP" + "0" * 32
    assert check_voice_settings(None) == []
    settings.TWILIO_API_KEY_SECRET = ""
    (problem,) = check_voice_settings(None)
    assert "TWILIO_API_KEY_SECRET" in problem.msg


def test_longest_call_fits_between_the_rings(settings: Settings) -> None:
    settings.CALL_RING_SECONDS, settings.CALL_MAX_SECONDS = 60, 4 * 3600 - 65
    assert check_call_limits(None) == []
