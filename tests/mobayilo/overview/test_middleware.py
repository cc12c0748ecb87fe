"""Times in the zone of the browser."""

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.web.scenes import CALLS, past_call, proved_phone
from tests.web.support_desk import desk_of

FAR = "Pacific/Kiritimati"  # fourteen hours before UTC
ZONES = "mobayilo.overview.middleware.TimeZoneMiddleware"


@pytest.fixture(autouse=True)
def _with_zones(settings: Settings) -> None:
    if ZONES not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, ZONES]


def test_times_are_in_the_zone_of_the_browser(client: Client, alice: User) -> None:
    past_call(alice, proved_phone(alice), CALLS[2])
    client.force_login(alice)
    client.cookies["timezone"] = FAR
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


@pytest.mark.parametrize(("zone", "day"), [("Etc/UTC", "2026-11-24"), (FAR, "2026-11-25")])
def test_days_of_a_filter_are_those_that_the_page_shows(
    client: Client, alice: User, zone: str, day: str
) -> None:
    with time_machine.travel("2026-11-24T21:00:00Z", tick=False):
        call = past_call(alice, proved_phone(alice), CALLS[2])
    client.force_login(alice)
    client.cookies["timezone"] = zone
    for wanted in ("2026-11-24", "2026-11-25"):
        page = client.get("/calls", {"since": wanted, "until": wanted}).content.decode()
        assert (call.public_id in page) is (wanted == day)
