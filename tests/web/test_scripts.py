"""Pages with scripts, and without."""

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from dev.stack import wait_until
from telephony.models import CallerId
from tests.web.scenes import deck_in_force, proved_phone
from tests.web.watched import PHONE, Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_command_is_copied_with_one_press(chromium: Browser, live_server: LiveServer) -> None:
    watched = Watched(chromium, live_server.url, permissions=["clipboard-read", "clipboard-write"])
    watched.open("/")
    watched.page.get_by_role("button", name="Copy").first.click()
    watched.page.get_by_role("button", name="Copied").wait_for()
    assert watched.page.evaluate("navigator.clipboard.readText()") == settings.MOBY_INSTALL_COMMAND
    watched.context.close()


def test_command_that_was_copied_twice_says_so_once_and_aloud(
    chromium: Browser, live_server: LiveServer
) -> None:
    watched = Watched(chromium, live_server.url, permissions=["clipboard-write"], viewport=PHONE)
    page = watched.page
    page.clock.install()
    watched.open("/")
    button = page.locator("[data-copy]").first
    for _ in range(2):
        button.click()
        expect(button.locator("span")).to_have_text("Copied")
        expect(page.get_by_role("status").last).to_have_text("Copied")
        page.clock.run_for(500)
    box = button.locator("span").bounding_box()
    assert box is not None
    assert box["width"] > 20  # seen on a phone, too
    page.clock.run_for(2_500)
    expect(button.locator("span")).to_have_text("Copy")
    watched.context.close()


def test_command_that_may_not_be_copied_is_selected(
    chromium: Browser, live_server: LiveServer
) -> None:
    watched = Watched(chromium, live_server.url)
    watched.page.add_init_script("navigator.clipboard.writeText = () => Promise.reject('no')")
    watched.open("/")
    watched.page.locator("[data-copy]").first.click()
    expect(watched.page.locator("[data-copy] span").first).to_have_text("Press Ctrl+C")
    assert watched.page.evaluate("getSelection().toString()") == settings.MOBY_INSTALL_COMMAND
    assert watched.complaints == []
    watched.context.close()


def wait_for_zone(watched: Watched, zone: str) -> None:
    """Return once the cookie for the server names a time zone."""

    def is_named() -> bool:
        cookies = {c["name"]: c["value"] for c in watched.context.cookies()}
        return cookies.get("timezone") == zone

    wait_until(is_named, "the zone of the browser", seconds=60)


def test_browser_shows_its_time_zone(chromium: Browser, live_server: LiveServer) -> None:
    watched = Watched(chromium, live_server.url, timezone_id="America/Sao_Paulo")
    watched.open("/")
    wait_for_zone(watched, "America/Sao_Paulo")
    assert watched.complaints == []
    watched.context.close()


def test_browser_is_asked_for_its_zone_once_in_a_tab(
    chromium: Browser, live_server: LiveServer
) -> None:
    watched = Watched(chromium, live_server.url, timezone_id="America/Sao_Paulo")
    asked: list[str] = []
    watched.page.on("worker", lambda worker: asked.append(worker.url))
    for path in ("/", "/help", "/rates"):
        watched.open(path)
        wait_for_zone(watched, "America/Sao_Paulo")
    assert len(asked) == 1
    watched.page.evaluate("sessionStorage.minutesFromUtc = '-60'")  # the clock has moved
    with watched.page.expect_event("worker"):
        watched.open("/help")
    watched.context.close()


def test_customer_gets_about_without_scripts(
    chromium: Browser, live_server: LiveServer, alice: User
) -> None:
    watched = Watched(chromium, live_server.url, java_script_enabled=False, viewport=PHONE)
    watched.sign_in(alice)
    watched.open("/home")
    assert not watched.page.get_by_role("button", name="Copy").first.is_visible()
    watched.page.get_by_text("More", exact=True).click()
    watched.page.get_by_role("link", name="Security").click()
    assert watched.page.get_by_role("heading", level=1).inner_text() == "Security"
    watched.page.get_by_text("More", exact=True).click()
    watched.page.get_by_role("button", name="Sign out").click()
    assert watched.page.url == f"{live_server.url}/"
    watched.context.close()


def test_removal_asks_once_more_without_scripts(
    chromium: Browser, live_server: LiveServer, alice: User
) -> None:
    phone = proved_phone(alice)
    watched = Watched(chromium, live_server.url, java_script_enabled=False, viewport=PHONE)
    watched.sign_in(alice)
    watched.open("/caller-ids")
    really = watched.page.get_by_role("button", name="Yes, remove it")
    assert not really.is_visible()
    watched.page.get_by_text("Remove", exact=False).first.click()
    really.click()
    watched.page.get_by_text("was removed").wait_for()
    assert not CallerId.objects.filter(pk=phone.pk, removed_at=None).exists()
    watched.context.close()


def test_keyboard_reaches_the_content_first(
    chromium: Browser, live_server: LiveServer, alice: User
) -> None:
    watched = Watched(chromium, live_server.url)
    watched.sign_in(alice)
    watched.open("/home")
    watched.page.keyboard.press("Tab")
    watched.page.keyboard.press("Enter")
    assert watched.page.evaluate("document.activeElement.id") == "content"
    watched.context.close()


def test_number_is_shown_while_it_is_typed(
    chromium: Browser, live_server: LiveServer, alice: User
) -> None:
    deck_in_force()
    watched = Watched(chromium, live_server.url)
    watched.sign_in(alice)
    watched.open("/caller-ids")
    words = watched.page.locator("[data-check]")
    watched.page.get_by_label("Your phone number").fill("07400 123456")
    words.get_by_text("Which country").wait_for()
    watched.page.locator("#id_number").locator("xpath=ancestor::form").get_by_label(
        "Country"
    ).select_option("GB")
    words.get_by_text("+44 7400 123456 (United Kingdom, mobile)").wait_for()
    watched.open("/rates")
    watched.page.get_by_label("Country or number").fill("+442079460018")
    watched.page.get_by_text("fixed): $0.0175 a minute in all, from a mobile").wait_for()
    assert watched.complaints == []
    watched.context.close()
