"""Times in the zone that the browser told."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.web.scenes import CALLS, past_call, proved_phone
from tests.web.support_desk import desk_of

ZONES = "mobayilo.overview.middleware.TimeZoneMiddleware"


@pytest.fixture(autouse=True)
def _with_zones(settings: Settings) -> None:
    if ZONES not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, ZONES]


def test_times_are_in_the_zone_of_the_browser(client: Client, alice: User) -> None:
    past_call(alice, proved_phone(alice), CALLS[2])
    client.force_login(alice)
    client.cookies["timezone"] = "Pacific/Kiritimati"  # fourteen hours before UTC
    far = client.get("/calls").content.decode()
    client.cookies["timezone"] = "Etc/UTC"
    near = client.get("/calls").content.decode()
    assert "Times are in Pacific/Kiritimati" in far
    assert far.partition("<time ")[2][:70] != near.partition("<time ")[2][:70]


@pytest.mark.parametrize("name", ["Atlantis/Poseidonis", "../../etc/passwd", ""])
def test_unknown_zone_is_ignored(client: Client, db: None, name: str) -> None:
    client.cookies["timezone"] = name
    assert "Times are in UTC" in client.get("/").content.decode()


def test_support_reads_utc_whatever_the_browser_says(alice: User) -> None:
    past_call(alice, proved_phone(alice), CALLS[2])
    desk = desk_of("support")
    path = f"/admin/accounts/account/{alice.account.pk}/change/"
    pages = []
    for zone in ("Pacific/Kiritimati", "Etc/UTC"):
        desk.cookies["timezone"] = zone
        page = desk.get(path).content.decode()
        assert "Times are in UTC." in page
        pages.append(page.partition("Customer since")[2].partition("</dd>")[0])
    assert pages[0] == pages[1]
