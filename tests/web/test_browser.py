"""Every page as a browser sees it: accessible, quiet, within its width and its weight."""

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts.models import User
from dev.pages import COMPANY_PAGES, CUSTOMER_PAGES, REFUSALS, THING_PAGES, VISITOR_PAGES, steps_of
from tests.people import PASSWORD
from tests.web.judge import judge_of_customers
from tests.web.scenes import (
    busy_customer,
    deck_in_force,
    frozen_customer,
    one_of_each,
    refusal_pages,
    some_tokens,
)
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Chromium notes every form that comes back with errors.
EXPECTED = "the server responded with a status of 400"


def judge_all(watched: Watched, pages: dict[str, str]) -> list[str]:
    wrong: list[str] = []
    for name, path in pages.items():
        watched.open(path)
        wrong += judge_of_customers(watched, name)
    return wrong + watched.complaints


def test_pages_of_visitors_hold_what_the_design_promises(
    watched: Watched, settings: Settings
) -> None:
    deck_in_force()
    settings.COMPANY_NAME, settings.COMPANY_ADDRESS = "Example Ltd", "1 Example Street; London"
    assert judge_all(watched, {**VISITOR_PAGES, **COMPANY_PAGES}) == []


def test_pages_of_customers_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    busy_customer(alice, calls=30)
    some_tokens(alice, prefix="a-machine-with-a-long-name-")
    watched.sign_in(alice)
    ids = one_of_each(alice)
    things = {name: path.format(**ids) for name, path in THING_PAGES.items()}
    assert judge_all(watched, {**CUSTOMER_PAGES, **things}) == []


def test_pages_of_newcomers_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    watched.sign_in(alice)
    first = list(CUSTOMER_PAGES)[: list(CUSTOMER_PAGES).index("device")]
    assert judge_all(watched, {name: CUSTOMER_PAGES[name] for name in first}) == []


def test_pages_of_a_frozen_account_hold_what_the_design_promises(
    watched: Watched, alice: User
) -> None:
    frozen_customer(alice)
    watched.sign_in(alice)
    pages = ("dial", "topup", "statement", "caller-ids", "home")
    assert judge_all(watched, {name: CUSTOMER_PAGES[name] for name in pages}) == []
    watched.page.get_by_role("link", name="top_").first.click()
    expect(watched.page.locator("main .badge")).to_have_text("Disputed")
    expect(watched.page.locator("main")).to_contain_text("The bank takes answers until")
    watched.page.get_by_role("link", name="Receipt", exact=True).click()
    expect(watched.page.locator("main")).to_contain_text("Taken back after a dispute")
    assert judge_of_customers(watched, "receipt of a disputed top-up") == []


def test_pages_behind_a_step_hold_what_the_design_promises(watched: Watched, alice: User) -> None:
    some_tokens(alice)
    watched.sign_in(alice)
    wrong: list[str] = []
    for name, step in steps_of(alice.email, PASSWORD).items():
        step(watched.page)
        wrong += judge_of_customers(watched, name)
    assert wrong + [text for text in watched.complaints if EXPECTED not in text] == []


def test_refusals_hold_what_the_design_promises(watched: Watched, db: None) -> None:
    pages = refusal_pages()
    assert sorted(pages) == sorted(REFUSALS)
    wrong: list[str] = []
    for name, page in pages.items():
        watched.show(page)
        wrong += judge_of_customers(watched, name)
    assert wrong + watched.complaints == []
