"""The support screens as a browser sees them: accessible, quiet, within their width."""

from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.web.support_desk import REQUEST_ID, something_of_everything, staff
from tests.web.test_browser import LOOKS, judge
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS, ids=["phone-light", "desktop-dark"])
def test_support_screens_hold_what_the_design_promises(
    chromium: Browser, live_server: LiveServer, alice: User, charlie: User, look: dict[str, Any]
) -> None:
    something_of_everything(alice, times=3)
    something_of_everything(charlie)
    watched = Watched(chromium, live_server.url, **look)
    watched.sign_in(staff("operator"))
    search = "/admin/accounts/account/search/?q="
    paths = [
        "/admin/",
        "/admin/accounts/account/today/",
        f"/admin/accounts/account/{alice.account.pk}/change/",
        f"{search}{REQUEST_ID}",
        f"{search}nobody",
    ]
    wrong = judge(watched, paths)
    watched.context.close()
    assert not wrong, "\n".join(wrong)
