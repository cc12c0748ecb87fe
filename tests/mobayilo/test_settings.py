"""Settings are safe by default, and say what they lack."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """Runs Django's deployment checks with a production environment, changed as given."""
    production: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "https://mobayilo.com",
        "SECRET_KEY": "f2Kx9" * 12 + "!z-_#Q",
        "DATABASE_URL": "postgresql://mobayilo@db.internal/mobayilo",
        "EMAIL_URL": "smtp+tls://mail.internal:587",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_VERIFY_SERVICE_SID": "VA" + "0" * 31 + "1",
        "TWILIO_FROM_NUMBER": "+12025550100",
        "STRIPE_API_KEY": "rk_test_0",
        "STRIPE_WEBHOOK_SECRET": "whsec_0",
    }
    env = {name: value for name, value in {**production, **changes}.items() if value is not None}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )


def test_production_settings_pass_the_deployment_checks() -> None:
    checked = start()
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    "name",
    ["PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "TWILIO_AUTH_TOKEN", "STRIPE_WEBHOOK_SECRET"],
)
def test_missing_variable_stops_the_start_with_its_name(name: str) -> None:
    stopped = start(**{name: None})
    assert stopped.returncode != 0
    assert f"Set the {name} environment variable" in stopped.stderr


def test_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file-" + "x1Y2-" * 12)
    assert start(SECRET_KEY=None, SECRET_KEY_FILE=str(secret)).returncode == 0


@pytest.mark.parametrize("url", ["http://mobayilo.com", "ftp://mobayilo.com", "https://a.b/path"])
def test_public_url_that_is_unsafe_or_broken_is_refused(url: str) -> None:
    stopped = start(PUBLIC_URL=url)
    assert stopped.returncode != 0
    assert "PUBLIC_URL must" in stopped.stderr


def test_several_processes_without_redis_are_refused() -> None:
    stopped = start(WEB_PROCESSES="2")
    assert "mobayilo.E001" in stopped.stderr
    assert start(WEB_PROCESSES="2", REDIS_URL="redis://cache.internal").returncode == 0


@pytest.mark.parametrize(
    ("name", "check"),
    [("STRIPE_API_KEY", "billing.E001"), ("STRIPE_WEBHOOK_SECRET", "billing.E002")],
)
def test_empty_secret_of_stripe_is_refused(name: str, check: str) -> None:
    stopped = start(**{name: ""})
    assert stopped.returncode != 0
    assert check in stopped.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db.internal/mobayilo"),
        ("REDIS_URL", "cache.internal:6379"),
        ("EMAIL_URL", "mail.internal:25"),
        ("CONN_MAX_AGE", "a minute"),
        ("TOKEN_MAY_LAST_FOR_EVER", "maybe"),
        ("LOG_LEVEL", "loud"),
        ("SECRET_KEY_FILE", "/nowhere/secret"),
    ],
)
def test_value_that_cannot_be_read_stops_the_start_with_its_name(name: str, value: str) -> None:
    stopped = start(**({"SECRET_KEY": None} if name == "SECRET_KEY_FILE" else {}), **{name: value})
    assert stopped.returncode != 0
    told = stopped.stderr.splitlines()[-1]
    assert told.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name.removesuffix("_FILE") in told


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
    stopped = start(**{name: value for name, (value, _) in wrong.items()})
    assert stopped.returncode == 1
    for name, (_, check) in wrong.items():
        assert f"({check}) " in stopped.stderr
        assert name in stopped.stderr


def test_items_of_a_list_may_have_spaces_between_them() -> None:
    assert start(CLOSED_COUNTRIES="cu, KP ,IR").returncode == 0


def test_staff_without_a_second_factor_are_refused_on_a_public_host() -> None:
    assert "mobayilo.E002" in start(STAFF_MFA_REQUIRED="false").stderr
    local = {"PUBLIC_URL": "http://localhost:8000", "TWILIO_API_URL": "http://localhost:8001"}
    assert "mobayilo.E002" not in start(STAFF_MFA_REQUIRED="false", **local).stderr
