"""Every page as a browser sees it: accessible, quiet, within its width and its weight."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.web.scenes import credit
from tests.web.watched import DESKTOP, PHONE, Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VISITOR_PAGES = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/unknown/",
]
CUSTOMER_PAGES = [
    "/home",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/logout/",
]
LOOKS = [
    {"viewport": PHONE, "color_scheme": "light"},
    {"viewport": PHONE, "color_scheme": "dark"},
    {"viewport": DESKTOP, "color_scheme": "light"},
    {"viewport": DESKTOP, "color_scheme": "dark"},
]
MOST_BYTES = 120_000


@pytest.fixture(
    params=LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}"
)
def watched(
    request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer
) -> Iterator[Watched]:
    look: dict[str, Any] = request.param
    watched = Watched(chromium, live_server.url, **look)
    yield watched
    watched.context.close()


def judge(watched: Watched, paths: list[str]) -> list[str]:
    """Everything wrong with these pages."""
    wrong: list[str] = []
    for path in paths:
        watched.open(path)
        wrong += watched.violations()
        if watched.is_wider_than_the_window():
            wrong.append(f"{path} scrolls sideways")
    return wrong + watched.complaints


def test_pages_of_visitors_hold_what_the_design_promises(watched: Watched) -> None:
    assert judge(watched, VISITOR_PAGES) == []


def test_pages_of_customers_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    credit(alice.account, 20_000_000)
    watched.sign_in(alice)
    assert judge(watched, CUSTOMER_PAGES) == []


@pytest.mark.parametrize("path", [*VISITOR_PAGES, *CUSTOMER_PAGES])
def test_page_weighs_little_with_everything(
    chromium: Browser, live_server: LiveServer, alice: User, path: str
) -> None:
    watched = Watched(chromium, live_server.url)
    if path in CUSTOMER_PAGES:
        watched.sign_in(alice)
    watched.open(path)
    watched.context.close()
    assert 0 < watched.weight < MOST_BYTES
