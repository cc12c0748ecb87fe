"""People that every test may need: alice, bob (her teammate) and charlie (a stranger)."""

import os
import signal
import threading
from collections.abc import Iterator

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client, TransactionTestCase
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import User
from billing.ledger import Cause, post
from billing.models import Book, Transfer
from tests.emptying import empty_tables
from tests.live import stack as stack
from tests.people import api_client, new_token, person
from tests.playing import playwright as playwright
from tests.templates import MIGRATED, copy_database, make_migrated, use

# The suite tries the same examples each time, so that it fails for a change and never for luck;
# `make fuzz` looks for new ones, round after round. A profile begins with what is loaded.
# No example has a deadline: a busy machine is no fault of ours.
hypothesis.settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, max_examples=25
)
hypothesis.settings.register_profile(
    "fuzz", derandomize=False, database=None, deadline=None, print_blob=True, max_examples=200
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_configure() -> None:
    # A run in the background inherits that Ctrl-C is ignored, and so would every moby it starts.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # The hashed names of production need `collectstatic`; the journeys run with them.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    # Each test client would read every static file again, and no test fetches one through it.
    settings.WHITENOISE_USE_FINDERS = False
    # Hashes that are slow on purpose are a third of the run otherwise.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Django's way of emptying tables is another third.
    TransactionTestCase._fixture_teardown = lambda _test: empty_tables()  # type: ignore[attr-defined]  # where Django empties them


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> None:
    """Give this process a copy of the migrated database. The folder of the run goes with it."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock():
        make_migrated()
        copy_database(MIGRATED, f"test-{name}")
        use(f"test-{name}")


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    for name in ("default", "local"):
        caches[name].clear()


@pytest.fixture
def still_clock() -> Iterator[None]:
    """The time stands still, so that neither a day nor a window of a limit ends in a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def alice(db: None) -> User:
    return person("alice@example.org")


@pytest.fixture
def bob(alice: User) -> User:
    return person("bob@example.org", account=alice.account)


@pytest.fixture
def charlie(db: None) -> User:
    return person("charlie@example.org")


@pytest.fixture
def client_of_alice(alice: User) -> Client:
    """Her client, past its first request, with history in her account."""
    for number in range(30):
        cause = Cause(f"test:{number}", Book.PROMOTIONS, Transfer.Kind.PROMOTION)
        post(account=alice.account, amount_micros=1_000_000, cause=cause)
    client = api_client(new_token(alice).secret)
    client.get("/api/cli/v1/token")
    return client
