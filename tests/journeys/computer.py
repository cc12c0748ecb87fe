"""Calls through the computer in the running product, as the carrier and the receipt have them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from dev.customer import Customer
from dev.stack import Stack
from tests.sandbox.conftest import wait_for

CALLED = "+442079460777"
MICROPHONE_HZ, CALLED_HZ = 1000, 700


@contextmanager
def answering(stack: Stack) -> Iterator[None]:
    """Have who is called pick up, speak a tone and stay on the line, at the pace of life."""
    stack.control("speed", {"speed": 1})
    number = {"number": CALLED, "answer_after_seconds": 0.1, "talk_seconds": None}
    stack.control("numbers", {**number, "outcome": "answer", "speaks_hz": CALLED_HZ})
    yield
    stack.control("speed", {"speed": 40})


def sign_in(customer: Customer, context: BrowserContext) -> None:
    for one in customer.browser.session.cookies:
        cookie = {"name": one.name, "value": one.value or "", "url": customer.stack.web}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict in all but name


def page_of(customer: Customer, browser: Browser) -> Page:
    """Return a page of a customer who is signed in."""
    context = browser.new_context(base_url=customer.stack.web)
    sign_in(customer, context)
    return context.new_page()


def open_offer(page: Page) -> None:
    page.goto(f"/call?to={CALLED.replace('+', '%2B')}")


def call_from(page: Page) -> str:
    """Talk to the number by the page Call. Returns the call's id, once the other side is there."""
    open_offer(page)
    page.get_by_role("button", name="Talk here").click()
    expect(page.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
    return page.url.rsplit("/", 1)[1].split("#")[0]


def leg_of(stack: Stack, call_id: str) -> dict[str, Any]:
    """Return the carrier's record of the computer's leg."""
    legs = stack.control("calls").json()["calls"]
    return next(leg for leg in legs if leg["from"] == f"client:{call_id}")


def hang_up_far_end(stack: Stack) -> None:
    legs = stack.control("calls?running=1").json()["calls"]
    [callee] = [leg for leg in legs if leg["to"] == CALLED]
    stack.control(f"calls/{callee['sid']}/hangup", {})


def digits_heard(stack: Stack) -> list[str]:
    """Return what each leg heard of the keypad."""
    return [leg["digits_heard"] for leg in stack.control("calls").json()["calls"]]


def settled(alice: Customer, call_id: str) -> dict[str, Any]:
    """Return the call once it is billed."""

    def ended() -> dict[str, Any] | None:
        shown = alice.moby("calls", "show", call_id, "--json").json
        return shown if shown["receipt"] else None

    found = wait_for(ended)
    assert found is not None
    return found
