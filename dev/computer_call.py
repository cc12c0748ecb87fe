"""A call through the computer: a browser with a microphone, and the sandbox at the other end."""

import importlib.util
from pathlib import Path
from urllib.parse import urlencode

from dev.customer import Customer
from dev.microphone import CHROMIUM, launch_with_microphone
from dev.stack import wait_until

MICROPHONE_HZ = 1000
PATIENCE_SECONDS = 60


def missing_parts() -> list[str]:
    """Return the names of what such a call needs and this machine does not have."""
    packages = [name for name in ("playwright", "aiortc") if importlib.util.find_spec(name) is None]
    return packages if CHROMIUM else [*packages, "Chromium"]


def talk(customer: Customer, number: str, folder: Path) -> str:
    """Call by the page Call, hang up once the other side has heard the microphone.

    Returns the call's id.
    """
    from playwright.sync_api import sync_playwright  # the demo runs without it

    stack = customer.stack
    with sync_playwright() as playwright:
        browser = launch_with_microphone(playwright, folder, tone_hz=MICROPHONE_HZ)
        context = browser.new_context(base_url=stack.web)
        for cookie in customer.browser.session.cookies:
            context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": stack.web}]
            )
        page = context.new_page()
        page.goto(f"/call?{urlencode({'to': number})}")
        page.get_by_role("button", name="Talk here").click()
        page.get_by_text("You are talking.").wait_for(timeout=PATIENCE_SECONDS * 1000)
        call_id = page.url.rsplit("/", 1)[1].split("#")[0]
        _wait_until_heard(customer, call_id)
        page.get_by_role("button", name="Hang up").click()
        page.get_by_role("heading", name="Receipt").wait_for(timeout=PATIENCE_SECONDS * 1000)
        browser.close()
    return call_id


def _wait_until_heard(customer: Customer, call_id: str) -> None:
    """Raise AssertionError if the other side does not hear the tone of the microphone."""
    stack = customer.stack
    legs = stack.control("calls").json()["calls"]
    sid = next(leg["sid"] for leg in legs if leg["from"] == f"client:{call_id}")
    wait_until(
        lambda: stack.control(f"calls/{sid}/sound").json()["frequency_hz"] == MICROPHONE_HZ,
        "the other side to hear the microphone",
        seconds=PATIENCE_SECONDS,
    )
