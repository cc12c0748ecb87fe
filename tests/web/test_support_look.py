"""The support screens as a browser sees them: accessible, quiet, within their width."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import AccessToken, User
from mobayilo.overview.support.tables import list_url
from tests.people import staff
from tests.web.judge import LOOKS, judge
from tests.web.support_desk import REQUEST_ID, something_of_everything
from tests.web.watched import DESKTOP, Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whether a list has columns past its right edge.
IS_CUT_OFF = "[...document.querySelectorAll('.results')].some(t => t.scrollWidth > t.clientWidth)"
FORMS = [
    "/admin/accounts/user/add/",
    "/admin/telephony/openeddestination/add/",
    "/admin/telephony/accountlimits/add/",
]


def test_support_screens_hold_what_the_design_promises(
    chromium: Browser, live_server: LiveServer, alice: User, charlie: User
) -> None:
    something_of_everything(alice, times=3)
    something_of_everything(charlie)
    watched = Watched(chromium, live_server.url)
    watched.sign_in(staff("operator"))
    search = "/admin/accounts/account/search/?q="
    paths = [
        "/admin/",
        "/admin/accounts/account/today/",
        f"/admin/accounts/account/{alice.account.pk}/change/",
        f"{search}{REQUEST_ID}",
        f"{search}nobody",
    ]
    wrong: list[str] = []
    for path in paths:
        watched.open(path)
        wrong += judge(watched, path)
    watched.context.close()
    wrong += watched.complaints
    assert not wrong, "\n".join(wrong)


def test_what_may_be_done_with_an_account_stands_in_one_line(watched: Watched, alice: User) -> None:
    """Some are buttons and some are links, and a button that harms has no frame."""
    watched.sign_in(staff("operator"))
    watched.open(f"/admin/accounts/account/{alice.account.pk}/change/")
    buttons = watched.page.locator(".support-acts.is-apart .button").all()
    boxes = [button.bounding_box() for button in buttons]
    assert len(boxes) > 5
    assert len({(box["y"], box["height"]) for box in boxes if box}) == 1


def test_lists_and_forms_of_the_admin_hold_it_too(
    chromium: Browser, live_server: LiveServer, alice: User
) -> None:
    something_of_everything(alice, times=2)
    watched = Watched(chromium, live_server.url)
    watched.sign_in(staff("operator"))
    lists = [list_url(model) for model in admin.site._registry if model is not Group]
    wrong: list[str] = []
    for path in [*lists, *FORMS]:
        watched.open(path)
        wrong += judge(watched, path, looks=[LOOKS[0], LOOKS[-1]])
        if watched.page.evaluate(IS_CUT_OFF):
            wrong.append(f"{path} hides columns at {DESKTOP['width']} px")
    watched.open(list_url(AccessToken))
    watched.page.locator("input.action-select").first.check()
    watched.page.locator("select[name=action]").select_option("revoke")
    watched.page.get_by_role("button", name="Go").click()
    watched.page.get_by_label("Reason").wait_for()
    wrong += watched.violations()
    watched.page.get_by_role("link", name="Cancel").click()
    watched.page.wait_for_url("**/accesstoken/")
    watched.context.close()
    assert wrong + watched.complaints == []
