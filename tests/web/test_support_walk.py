"""The five most common cases of the runbook, as support solves them in a browser."""

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser

from dev.customer import Customer
from dev.stack import Stack
from tests.live import running_stack
from tests.people import PASSWORD
from tests.web.watched import DESKTOP, Watched

pytestmark = pytest.mark.browser

BERLIN, LONDON = "+493012345678", "+442079460018"
Case = Callable[["Desk", Customer], None]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Germany is closed, and nothing is put right by itself while support looks."""
    folder = tmp_path_factory.mktemp("support")
    with running_stack(folder, {"CLOSED_COUNTRIES": "DE", "RATELIMIT_ENABLE": "false"}) as running:
        periodic = running.processes[-1]
        periodic.terminate()
        periodic.wait(timeout=10)
        staff = "from tests.people import staff; staff('operator')"
        running.manage("shell", "-c", staff)
        yield running


@pytest.fixture(scope="module")
def alice(house: Stack, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    """Signed in, with a proved phone and twenty dollars."""
    home = tmp_path_factory.mktemp("alice")
    customer = Customer(house, "alice@example.org", PASSWORD, home)
    customer.browser.sign_up(customer.email, customer.password)
    customer.log_in_with_token()
    customer.prove("+447400123456")
    customer.top_up("20")
    return customer


class Desk:
    """A member of staff at the admin, who knows nothing but what the customer says."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.page = watched.page
        watched.open("/accounts/login/?next=/admin/")
        self.page.get_by_label("Email").fill("operator@example.com")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url("**/admin/")

    def find(self, quoted: str) -> str:
        """Return the screen of the account that the search finds."""
        self.watched.open("/admin/")
        self.page.get_by_label("Find a customer").fill(quoted)
        self.page.get_by_role("button", name="Search").click()
        self.page.get_by_role("heading", level=1, name="alice@example.org").wait_for()
        return self.page.locator("main").inner_text()

    def call_page(self, call_id: str) -> str:
        """Open the page of a call from the list of its account. Return its text."""
        self.find(call_id)
        self.page.get_by_role("row").filter(has_text=call_id).first.get_by_role("link").click()
        self.page.get_by_role("heading", name="All that is stored").wait_for()
        return self.page.locator("main").inner_text()

    def press(self, name: str, *, row: str = "") -> None:
        scope = self.page.get_by_role("row").filter(has_text=row).first if row else self.page
        scope.get_by_role("button", name=name, exact=True).click()

    def give_reason(self, submit: str, **fields: str) -> str:
        """Fill in the page that asks for a reason. Return the message that follows."""
        for name, value in {"reason": "ticket 4711", **fields}.items():
            field = self.page.locator(f"[name={name}]")
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.get_by_role("button", name=submit, exact=True).click()
        return self.said()

    def said(self) -> str:
        return self.page.locator(".messagelist li").last.inner_text()


@pytest.fixture
def desk(chromium: Browser, house: Stack) -> Iterator[Desk]:
    watched = Watched(chromium, house.web, viewport=DESKTOP)
    yield Desk(watched)
    requests.delete(f"{house.sandbox}/control/webhooks/rules", timeout=10)
    assert watched.complaints == []
    watched.context.close()


def drop_webhooks(house: Stack, *patterns: str) -> None:
    for pattern in patterns:
        house.control("webhooks/rules", {"pattern": pattern, "action": "drop"})


def call_by_script(customer: Customer, to: str) -> int:
    """As a program calls, without asking for the price first."""
    token = customer.moby("auth", "token").stdout.strip()
    url, headers = f"{customer.stack.web}/api/cli/v1/calls", {"Authorization": f"Bearer {token}"}
    return requests.post(url, json={"to": to}, headers=headers, timeout=10).status_code


def test_i_cannot_call_this_number(desk: Desk, alice: Customer) -> None:
    assert call_by_script(alice, BERLIN) == 403
    assert "country_closed" in desk.find("07400 123456")
    desk.page.get_by_role("link", name="Open a destination").click()
    assert "added successfully" in desk.give_reason("Save", destination="Germany")
    called = alice.moby("call", BERLIN, "--yes", "--json")
    assert called.code == 0, called.stderr


def test_i_paid_and_the_money_is_not_there(desk: Desk, alice: Customer, house: Stack) -> None:
    drop_webhooks(house, "stripe:*")
    before = alice.moby("balance", "--json").json["balance_cents"]
    topup = alice.moby("topup", "5", "--json").json
    paid = {"action": "pay"}
    requests.post(topup["checkout_url"], data=paid, timeout=10, allow_redirects=False)
    assert "pending" in desk.find(topup["topup_id"])
    desk.press("Ask Stripe", row=topup["topup_id"])
    assert "is paid" in desk.give_reason("Ask Stripe now")
    assert alice.moby("balance", "--json").json["balance_cents"] == before + 500


def test_my_token_leaked(desk: Desk, alice: Customer) -> None:
    leaked = alice.moby("auth", "token").stdout.strip()
    token = alice.moby("auth", "status", "--json").json["token"]["name"]
    assert token in desk.find(leaked[-4:])
    assert leaked not in desk.page.content()
    desk.press("Revoke", row=leaked[-4:])
    assert "1 tokens revoked." in desk.give_reason("Revoke")
    assert alice.moby("auth", "status", "--json").json["reason"] == "revoked"
    alice.log_in_with_token()


def test_the_call_is_over_and_moby_says_that_it_still_runs(
    desk: Desk, alice: Customer, house: Stack
) -> None:
    drop_webhooks(house, "*call.*", "*dial_action")
    house.control("numbers", {"number": LONDON, "talk_seconds": 65, "outcome": "answer"})
    call_id = alice.moby("call", LONDON, "--yes", "--json").json["call_id"]
    assert "not settled" in desk.find(call_id)
    for _ in range(40):
        desk.page.wait_for_timeout(250)
        if house.control("idle").json()["idle"]:
            break
    desk.press("Ask Twilio", row=call_id)
    assert f"{call_id}: settled" in desk.give_reason("Ask Twilio now: settle or close")
    assert alice.moby("calls", "show", call_id, "--json").json["state"] == "completed"


def test_the_call_went_wrong_and_i_want_my_money_back(desk: Desk, alice: Customer) -> None:
    before = alice.moby("balance", "--json").json["balance_cents"]
    calls = alice.moby("calls", "list", "--json").json["items"]
    call = next(call for call in calls if call["cost"] not in (None, "0.00"))
    assert "Receipt" in desk.call_page(call["call_id"])
    desk.find("alice")
    desk.press("Credit or debit")
    assert "Left of your day" in desk.page.locator("main").inner_text()
    said = desk.give_reason(
        "Credit or debit", amount="0.01", kind="call_refund", reference=call["call_id"]
    )
    assert said.startswith("+$0.01")
    assert alice.moby("balance", "--json").json["balance_cents"] == before + 1
    assert "Balance changed by +$0.01" in desk.find("alice@example.org")
