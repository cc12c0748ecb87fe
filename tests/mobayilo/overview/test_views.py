"""The page that a customer comes home to."""

import re
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from telephony.models import RateDeck
from tests.mobayilo.overview.home import home
from tests.web.scenes import busy_customer


def test_site_names_one_way_to_install(client: Client, alice: User, settings: Settings) -> None:
    settings.MOBY_INSTALL_COMMAND = "pipx install https://example.org/moby.whl"
    assert settings.MOBY_INSTALL_COMMAND in client.get("/").content.decode()
    assert settings.MOBY_INSTALL_COMMAND in home(client, alice)
    offered = client.get("/api/cli/v1/client").json()
    assert offered["install_command"] == settings.MOBY_INSTALL_COMMAND


def test_landing_and_home_without_prices_report_no_error(client: Client, alice: User) -> None:
    RateDeck.objects.update(withdrawn_at=timezone.now())
    for page in (client.get("/").content.decode(), home(client, alice)):
        assert "Error:" not in page
        assert "aria-invalid" not in page


def test_pages_for_visitors_are_compressed_and_those_of_an_account_are_not(
    client: Client, alice: User
) -> None:
    def status_and_encoding(path: str) -> tuple[int, str]:
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        return answer.status_code, answer.headers.get("Content-Encoding", "")

    for path in ("/", "/rates", "/help"):
        assert status_and_encoding(path) == (200, "gzip"), path
    client.force_login(alice)
    assert status_and_encoding("/home") == (200, "")


def test_guide_installs_as_the_site_does_by_default() -> None:
    command = settings.MOBY_INSTALL_COMMAND.replace(settings.PUBLIC_URL, "https://mobayilo.com")
    assert f"\n{command}\n" in Path("docs/guide/cli.md").read_text()


def test_teammate_sees_the_account_and_a_stranger_does_not(
    client: Client, alice: User, bob: User, charlie: User
) -> None:
    busy_customer(alice, calls=2)
    assert "+49 1511 2345678" in home(client, bob)
    assert "+49 1511 2345678" not in home(client, charlie)


def test_frozen_account_is_shown_as_frozen(client: Client, alice: User) -> None:
    alice.account.frozen_at = timezone.now() - timedelta(days=1)
    alice.account.frozen_reason = "Stolen card of top_1"
    alice.account.save()
    page = home(client, alice)
    assert "This account has been frozen" in page
    assert ">top_1</a>." in page


def test_home_asks_as_much_for_many_calls_as_for_few(
    client: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    busy_customer(alice, calls=80)
    home(client, alice)  # the first page of a session also notes the browser
    with django_assert_max_num_queries(15):
        page = client.get("/home").content.decode()
    assert len(re.findall(r"<tr>", page)) < 60
