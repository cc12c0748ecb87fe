"""Pages as a printer prints them."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.web.scenes import paid_topup
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
