"""A device is approved in a real browser from a cold start: signed in nowhere, second factor on."""

import pytest
import requests
from django.db import connections
from playwright.sync_api import Browser
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import AccessToken, User
from dev.authenticator_app import code_shown
from tests.accounts.device_logins import GRANT
from tests.people import PASSWORD
from tests.web.watched import DESKTOP, PHONE, Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def base(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.PUBLIC_URL = live_server.url
    return live_server.url


def start(base: str) -> dict[str, str]:
    sent = {"client_id": "moby-cli", "scope": "calls:read", "device_name": "anvil"}
    return dict(requests.post(f"{base}/oauth/device_authorization", data=sent, timeout=10).json())


def poll(base: str, device_code: str) -> dict[str, str]:
    sent = {"grant_type": GRANT, "client_id": "moby-cli", "device_code": device_code}
    return dict(requests.post(f"{base}/oauth/token", data=sent, timeout=10).json())


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_device_is_approved_from_a_cold_start(
    chromium: Browser, base: str, alice: User, seed: str, viewport: dict[str, int], scripts: bool
) -> None:
    login = start(base)
    watched = Watched(chromium, base, viewport=viewport, java_script_enabled=scripts)
    page = watched.page
    page.goto(login["verification_uri_complete"])
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=code]").fill(code_shown(seed))
    page.locator("main button[type=submit]").first.click()
    assert page.get_by_label("Code").input_value() == login["user_code"]
    page.get_by_role("button", name="Continue").click()
    assert login["user_code"] in page.locator("main").inner_text()
    assert "anvil" in page.locator("main").inner_text()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Approved").wait_for()
    watched.context.close()
    assert poll(base, login["device_code"])["scope"] == "calls:read"
    assert AccessToken.objects.get().user == alice
    assert watched.complaints == []


def test_approve_and_deny_weigh_the_same(chromium: Browser, base: str, alice: User) -> None:
    login = start(base)
    watched = Watched(chromium, base, viewport=PHONE)
    page = watched.page
    page.goto(login["verification_uri_complete"])
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    sizes = [page.get_by_role("button", name=name).bounding_box() for name in ("Approve", "Deny")]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert sizes[0]["height"] == sizes[1]["height"]
    assert abs(sizes[0]["width"] - sizes[1]["width"]) < 2
    assert not watched.is_wider_than_the_window()
    assert watched.violations() == []
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="Denied").wait_for()
    watched.context.close()
    assert poll(base, login["device_code"])["error"] == "access_denied"
