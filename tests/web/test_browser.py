"""Every page as a browser sees it: accessible, quiet, within its width and its weight."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from telephony.models import Call
from tests.web.pages import CUSTOMER_PAGES, VISITOR_PAGES
from tests.web.scenes import busy_customer, deck_in_force, some_tokens
from tests.web.watched import DESKTOP, PHONE, Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Contrast hangs on the theme and layout on the width, so two looks see what four would.
LOOKS = [
    {"viewport": PHONE, "color_scheme": "light"},
    {"viewport": DESKTOP, "color_scheme": "dark"},
]


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
    deck_in_force()
    assert judge(watched, VISITOR_PAGES) == []


def test_pages_of_customers_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    busy_customer(alice, calls=30)
    some_tokens(alice, prefix="a-machine-with-a-long-name-")
    watched.sign_in(alice)
    newest = Call.objects.filter(state="completed").latest("id")
    assert judge(watched, [*CUSTOMER_PAGES, f"/calls/{newest.public_id}"]) == []


def test_pages_of_newcomers_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    watched.sign_in(alice)
    assert judge(watched, CUSTOMER_PAGES[:8]) == []
