"""Walks of customers whom a page used to leave standing, on a phone, at 200 % zoom, on a desk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.authenticator_app import code_shown
from dev.customer import Customer
from dev.stack import Stack, wait_until
from tests.live import stack as stack
from tests.web.judge import judge
from tests.web.watched import DESKTOP, PHONE, Watched

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
PLACE = "element => element.getBoundingClientRect().top + scrollY"
ZOOMED = {"width": 640, "height": 450}  # a window of 1280 px at 200 %
SIZES = {"phone": PHONE, "zoomed": ZOOMED, "desktop": DESKTOP}


@dataclass
class Walk:
    customer: Customer
    watched: Watched
    size: dict[str, int]
    own_phone: str

    @property
    def page(self) -> Page:
        return self.watched.page

    def open(self, path: str) -> None:
        self.watched.open(path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.locator("main, footer").get_by_role("link", name=name, exact=True).first.click()

    def reads(self, *words: str) -> None:
        """Hold that the page says this, looks right in both themes, and violates nothing."""
        for one in words:
            expect(self.page.locator("main")).to_contain_text(one)
        looks = [(self.size, "light"), (self.size, "dark")]
        assert judge(self.watched, self.page.url, looks=looks) == []
        self.watched.wear(self.size, "light")

    def sign_in(self) -> None:
        self.open("/accounts/login/")
        self.page.get_by_label("Email").fill(self.customer.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")


@pytest.fixture(params=SIZES)
def walk(
    request: pytest.FixtureRequest, chromium: Browser, stack: Stack, tmp_path: Path
) -> Iterator[Walk]:
    size = SIZES[request.param]
    watched = Watched(chromium, stack.web, viewport=size)
    name = re.sub(r"\W+", "-", request.node.name)
    customer = Customer(stack, f"{name}@example.org", PASSWORD, tmp_path / "home")
    number = f"+4474001236{list(SIZES).index(request.param):02d}"
    yield Walk(customer, watched, size, number)
    watched.context.close()


def test_newcomer_without_a_terminal_knows_the_price_and_what_is_needed(walk: Walk) -> None:
    walk.open("/")
    walk.page.get_by_label("Your phone").select_option(label="Germany")
    walk.page.get_by_label("Country or number").fill("Ghana")
    walk.press("See the price")
    walk.reads("Rates to Ghana", "from a mobile (Germany)", "$10 buys", "which rings first")
    walk.follow("Help")
    walk.reads("a program for the terminal of your computer", "What does a call cost?")
    walk.open("/accounts/signup/")
    walk.reads("a program for the terminal of your computer")
    walk.page.get_by_label("Email").fill("no address")
    walk.page.locator("form[novalidate], form").first.evaluate("form => form.noValidate = true")
    walk.press("Create account")
    expect(walk.page).to_have_title(re.compile("^Error: "))
    expect(walk.page.get_by_label("Email")).to_be_focused()
    walk.customer.browser.sign_up(walk.customer.email, PASSWORD)
    walk.sign_in()
    walk.reads("Five steps to your first call", "What a minute costs")
    walk.open("/topup")
    walk.reads("a program for the terminal of your computer")
    assert walk.watched.complaints == []


def test_wrong_code_leads_on_to_the_right_one(walk: Walk) -> None:
    walk.customer.browser.sign_up(walk.customer.email, PASSWORD)
    walk.sign_in()
    walk.open("/caller-ids")
    walk.page.locator("input[name=number]").fill(walk.own_phone)
    walk.press("Send a code")
    walk.reads("We sent a text message with a code", "Tries left: 5")
    walk.page.get_by_label("Code", exact=True).fill("000000")
    walk.press("Confirm")
    expect(walk.page).to_have_title(re.compile("^Error: "))
    expect(walk.page.get_by_label("Code", exact=True)).to_be_focused()
    walk.reads("4 tries are left")
    walk.page.goto(walk.page.url)  # as a reload of what is in the bar of the browser
    expect(walk.page).to_have_url(re.compile("/caller-ids$"))
    walk.press("Send it again")
    walk.reads("A code is on its way to")
    walk.page.get_by_label("Code", exact=True).fill(walk.customer.code_received(walk.own_phone))
    walk.press("Confirm")
    walk.reads("Verified")
    asked = walk.page.get_by_role("link", name="Remove")
    before = asked.evaluate(PLACE)
    asked.click()
    expect(walk.page.locator(".question.is-open")).to_be_focused()
    assert asked.evaluate(PLACE) == before  # nothing on the page moved
    walk.reads("Remove this phone?")
    walk.page.keyboard.press("Escape")
    expect(asked).to_be_focused()
    expect(walk.page.locator(".question")).to_be_hidden()


def test_lost_phone_is_replaced_with_a_recovery_code(walk: Walk) -> None:
    walk.customer.browser.sign_up(walk.customer.email, PASSWORD)
    walk.sign_in()
    walk.page.wait_for_url("**/home")
    walk.open("/accounts/2fa/totp/activate/")
    walk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    walk.press("Confirm")
    secret = walk.page.locator(".terminal-secret code").inner_text()
    walk.page.locator("[name=code]").fill(code_shown(secret))
    walk.press("Activate")
    codes = walk.page.locator(".codes code")
    expect(codes).to_have_count(10)
    recovery_code = codes.first.inner_text()
    walk.page.context.clear_cookies()
    walk.sign_in()
    expect(walk.page.locator("[name=code]")).to_be_focused()
    walk.page.get_by_text("Lost your phone or key?").click()
    walk.reads("Type one of your recovery codes above")
    walk.page.locator("[name=code]").fill("000000")
    walk.press("Sign in")
    expect(walk.page).to_have_title(re.compile("^Error: "))
    walk.reads("This code is not right")
    walk.page.locator("[name=code]").fill(recovery_code)
    walk.press("Sign in")
    walk.reads("You used a recovery code. 9 are left")
    customer = walk.customer
    wait_until(
        lambda: "Recovery codes left: 9" in customer.browser.newest_mail(customer.email),
        "the mail about the code",
        seconds=30,
    )
    walk.open("/accounts/2fa/")
    walk.reads("9 codes are left")
