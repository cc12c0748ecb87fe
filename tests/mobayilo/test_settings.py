"""Settings are safe by default, and say what they lack."""

import pytest

from tests.mobayilo.deployment import check_deployment


@pytest.mark.parametrize("url", ["http://mobayilo.com", "ftp://mobayilo.com", "https://a.b/path"])
def test_public_url_that_is_unsafe_or_broken_is_refused(url: str) -> None:
    stopped = check_deployment(PUBLIC_URL=url)
    assert stopped.returncode != 0
    assert "PUBLIC_URL must" in stopped.stderr


@pytest.mark.parametrize(
    ("name", "check"),
    [("STRIPE_API_KEY", "billing.E001"), ("STRIPE_WEBHOOK_SECRET", "billing.E002")],
)
def test_empty_secret_of_stripe_is_refused(name: str, check: str) -> None:
    stopped = check_deployment(**{name: ""})
    assert stopped.returncode != 0
    assert check in stopped.stderr


def test_values_that_make_no_sense_are_refused_all_at_once() -> None:
    wrong = {
        "SECRET_KEY": ("too-short", "mobayilo.E004"),
        "RATELIMIT_ENABLE": ("false", "mobayilo.E003"),
        "WEB_PROCESSES": ("0", "mobayilo.E005"),
        "TWILIO_TIMEOUT_SECONDS": ("0", "mobayilo.E005"),
        "ADJUST_MAX_CENTS_SUPPORT": ("-1", "mobayilo.E005"),
        "TOKEN_DEFAULT_DAYS": ("400", "mobayilo.E006"),
        "STRIPE_API_KEY": ("pk_test_0", "billing.E001"),
        "CLOSED_COUNTRIES": ("DE,Cuba", "telephony.E008"),
    }
    stopped = check_deployment(**{name: value for name, (value, _) in wrong.items()})
    assert stopped.returncode == 1
    for name, (_, check) in wrong.items():
        assert f"({check}) " in stopped.stderr
        assert name in stopped.stderr
