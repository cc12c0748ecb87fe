"""Pages as a printer prints them."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from accounts.models import User
from tests.web.scenes import CALLS, credit, paid_topup, past_call, proved_phone
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_receipt_is_ink_on_paper_and_names_us(watched: Watched, alice: User) -> None:
    watched.sign_in(alice)
    watched.page.emulate_media(color_scheme="dark")
    watched.open(f"/topup/{paid_topup(alice).public_id}/receipt")
    body, letterhead = watched.page.locator("body"), watched.page.locator(".letterhead")
    expect(letterhead).to_be_hidden()
    expect(body).not_to_have_css("color", "rgb(27, 29, 31)")
    watched.page.emulate_media(media="print")
    expect(letterhead).to_have_text("Mobayilo")
    expect(letterhead).to_be_visible()
    expect(body).to_have_css("color", "rgb(27, 29, 31)")
    for aside in (".app-side", ".back a", ".foot"):
        expect(watched.page.locator(aside)).to_be_hidden()


def test_paper_has_no_notice_and_no_button(
    watched: Watched, alice: User, settings: Settings
) -> None:
    settings.COMPANY_NAME, settings.COMPANY_ADDRESS = "Example Ltd", "1 Example Street; London"
    settings.SUPPORT_EMAIL = "support@example.org"
    credit(alice.account, 20_000_000)
    call = past_call(alice, proved_phone(alice), CALLS[0])
    watched.sign_in(alice)
    watched.open(f"/calls/{call.public_id}")
    asides = [watched.page.get_by_text(text) for text in ("Please accept our terms", "Call again")]
    for aside in asides:
        expect(aside).to_be_visible()
    watched.page.emulate_media(media="print")
    for aside in asides:
        expect(aside).to_be_hidden()
    expect(watched.page.get_by_text("Total")).to_be_visible()


def test_statement_on_paper_names_its_reader_and_zone_once(watched: Watched, alice: User) -> None:
    credit(alice.account, 20_000_000)
    watched.sign_in(alice)
    watched.page.emulate_media(media="print")
    for path in ("/statement", f"/statement/{timezone.now():%Y-%m}"):
        watched.open(path)
        paper = watched.page.locator("body").inner_text()
        facts = [alice.email, alice.account.public_id, "UTC"]
        assert [paper.count(fact) for fact in facts] == [1, 1, 1], paper
