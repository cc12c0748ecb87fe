"""Forms of this room that are sent with something wrong."""

import pytest
from django.test import Client

from accounts.models import User
from tests.telephony.callers import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def test_wrong_code_keeps_the_country_of_the_account(browser: Client, alice: User) -> None:
    alice.account.default_country = "BR"
    alice.account.save()
    page = browser.post("/caller-ids/confirm", {"code": "x"}).content.decode()
    assert page.count('<option value="BR" selected>') == 2  # to verify a phone, and to read numbers


def test_forged_code_form_is_refused(browser: Client) -> None:
    forged = {"code": "123456", "verification_id": "ver_\0"}
    assert browser.post("/caller-ids/confirm", forged).status_code == 400


@pytest.mark.usefixtures("deck")
def test_bad_filter_shows_its_error_and_no_calls(browser: Client, alice: User) -> None:
    call = make_call(alice)
    page = browser.get("/calls", {"since": "yesterday"}).content.decode()
    assert "errorlist" in page
    assert call.public_id not in page
