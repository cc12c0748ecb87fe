"""The operator's commands about Twilio, with the sandbox in its place."""

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from tests.telephony.printing import printed
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _asks_the_sandbox(sandbox: Sandbox, settings: Settings) -> None:
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = 2.0


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
