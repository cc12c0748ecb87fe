"""A customer from sign-up to a receipt, in a real browser, against the running product."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from dev.customer import Customer, Started
from dev.stack import Stack
from tests.web.watched import DESKTOP, PHONE, Watched

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
DESTINATION = "+442079460018"
WAYS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE},
    "desktop": {"viewport": DESKTOP},
    "phone-without-scripts": {"viewport": PHONE, "java_script_enabled": False},
}


@dataclass
class Walk:
    """A newcomer in a browser, with a terminal and a phone beside it."""

    customer: Customer
    watched: Watched
    own_phone: str
    has_scripts: bool

    @property
    def page(self) -> Page:
        return self.watched.page

    def open(self, path: str) -> None:
        self.watched.open(path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def main(self) -> str:
        return self.page.locator("main").inner_text()

    def until(self, holds: Callable[[], object], *, reload: bool) -> None:
        """Wait, and load the page again as a person does if nothing moves by itself."""
        deadline = time.monotonic() + 90
        while not holds():
            assert time.monotonic() < deadline, self.main()
            self.page.wait_for_timeout(250)
            if reload:
                self.page.reload()


@pytest.fixture(params=WAYS)
def walk(
    request: pytest.FixtureRequest, chromium: Browser, stack: Stack, tmp_path: Path
) -> Iterator[Walk]:
    way = WAYS[request.param]
    has_scripts = bool(way.get("java_script_enabled", True))
    clipboard = ["clipboard-read", "clipboard-write"] if has_scripts else []
    watched = Watched(chromium, stack.web, permissions=clipboard, **way)
    customer = Customer(stack, f"{request.param}@example.org", PASSWORD, tmp_path / "home")
    own_phone = f"+4474001235{list(WAYS).index(request.param):02d}"
    stack.control("numbers", {"number": DESTINATION, "talk_seconds": 65, "outcome": "answer"})
    yield Walk(customer, watched, own_phone, has_scripts)
    stack.control("speed", {"speed": 40})
    watched.context.close()


def test_newcomer_walks_from_sign_up_to_a_receipt(walk: Walk, stack: Stack) -> None:
    sign_up(walk)
    approve_device(walk)
    create_token(walk, stack)
    prove_phone(walk)
    top_up(walk)
    watch_call(walk, stack)
    elsewhere = f"asks {stack.sandbox.removeprefix('http://')}"  # the payment page
    assert [text for text in walk.watched.complaints if not text.endswith(elsewhere)] == []


def sign_up(walk: Walk) -> None:
    email = walk.customer.email
    walk.open("/accounts/signup/")
    assert "emergency" in walk.main()
    walk.page.get_by_label("Email").fill(email)
    walk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    walk.press("Create account")
    link = re.search(r"https?://\S+/confirm-email/\S+", walk.customer.browser.newest_mail(email))
    assert link
    walk.page.goto(link[0])
    walk.press("Confirm")
    walk.open("/home")
    assert "moby auth login" in walk.main()  # the next step


def approve_device(walk: Walk) -> None:
    login = Started(walk.customer, "auth", "login", "--insecure-storage", "--no-browser")
    code = login.wait_for(r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b")
    walk.open("/device")
    walk.page.get_by_label("Code").fill(code)
    walk.press("Continue")
    # The link of the mail signed her in; what keeps the account safe asks for the password.
    walk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    walk.press("Confirm")
    assert code in walk.main()
    walk.press("Approve")
    walk.page.get_by_role("heading", name="Approved").wait_for()
    assert login.finish().code == 0
    assert walk.customer.moby("auth", "status", "--json").json["actor"]["email"] == (
        walk.customer.email
    )


def create_token(walk: Walk, stack: Stack) -> None:
    walk.open("/settings/tokens/new")
    walk.page.get_by_label("Name", exact=True).fill("nightly report")
    walk.page.locator("input[name=scopes][value='billing:read']").check()
    walk.press("Create the token")
    secret = walk.page.locator(".terminal-secret code").inner_text()
    if walk.has_scripts:
        walk.press("Copy")
        walk.page.get_by_role("button", name="Copied").wait_for()
        assert walk.page.evaluate("navigator.clipboard.readText()") == secret
    headers = {"Authorization": f"Bearer {secret}"}
    answer = requests.get(f"{stack.web}/api/cli/v1/balance", headers=headers, timeout=10)
    assert answer.json()["balance_cents"] == 0
    walk.open("/settings/tokens")
    assert secret not in walk.page.content()


def prove_phone(walk: Walk) -> None:
    walk.open("/caller-ids")
    walk.page.locator("input[name=number]").fill(walk.own_phone)
    walk.press("Send a code")
    code = walk.page.locator("input[name=code]")
    expect(code).to_be_focused()
    code.fill(walk.customer.code_received(walk.own_phone))
    walk.press("Confirm")
    assert "Verified" in walk.main()


def top_up(walk: Walk) -> None:
    walk.open("/topup")
    walk.page.get_by_label("Amount").fill("20")
    walk.press("Continue to payment")
    walk.press("Pay $20.00")
    if walk.page.get_by_role("button", name="Yes, complete").count():
        walk.press("Yes, complete")
    walk.page.wait_for_url("**/topup/top_*")
    added = "$20.00 was added to your balance"
    walk.until(lambda: added in walk.main(), reload=not walk.has_scripts)


def watch_call(walk: Walk, stack: Stack) -> None:
    stack.control("speed", {"speed": 10})
    call = walk.customer.moby("call", DESTINATION, "--yes", "--json").json
    walk.open(f"/calls/{call['call_id']}")
    assert "Hang up" in walk.main()
    walk.until(lambda: "In call" in walk.main(), reload=not walk.has_scripts)
    walk.until(lambda: "Receipt" in walk.main(), reload=not walk.has_scripts)
    assert "Completed" in walk.main()
    shown = walk.customer.moby("calls", "show", call["call_id"], "--json").json
    assert f"${shown['cost']}" in walk.main()
    walk.open("/statement")
    assert f"−${shown['cost']}" in walk.main()
