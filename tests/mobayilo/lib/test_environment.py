"""Values of the environment that cannot be read."""

from pathlib import Path

import pytest

from tests.mobayilo.deployment import check_deployment


@pytest.mark.parametrize(
    "name",
    ["PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "TWILIO_AUTH_TOKEN", "STRIPE_WEBHOOK_SECRET"],
)
def test_missing_variable_stops_the_start_with_its_name(name: str) -> None:
    stopped = check_deployment(**{name: None})
    assert stopped.returncode != 0
    assert f"Set the {name} environment variable" in stopped.stderr


def test_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file-" + "x1Y2-" * 12)
    assert check_deployment(SECRET_KEY=None, SECRET_KEY_FILE=str(secret)).returncode == 0


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
    stopped = check_deployment(
        **({"SECRET_KEY": None} if name == "SECRET_KEY_FILE" else {}), **{name: value}
    )
    assert stopped.returncode != 0
    told = stopped.stderr.splitlines()[-1]
    assert told.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name.removesuffix("_FILE") in told


def test_items_of_a_list_may_have_spaces_between_them() -> None:
    assert check_deployment(CLOSED_COUNTRIES="cu, KP ,IR").returncode == 0
