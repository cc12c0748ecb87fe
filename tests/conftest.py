"""People that every test may need: alice, bob (her teammate) and charlie (a stranger)."""

import pytest
from django.conf import settings
from django.core.cache import cache

from accounts.models import User
from tests.database import ON_SQLITE


def pytest_configure() -> None:
    # The hashed names of production need `collectstatic`; the journeys run with them.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file for SQLite: its memory database answers "locked" to threads, whatever the time-out."""
    if ON_SQLITE:
        settings.DATABASES["default"]["TEST"]["NAME"] = (
            settings.DATABASES["default"]["NAME"] + "-test"
        )


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.org", "correct horse battery")


@pytest.fixture
def bob(alice: User) -> User:
    return User.objects.create_user(
        "bob@example.org", "correct horse battery", account=alice.account
    )


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie@example.org", "correct horse battery")
