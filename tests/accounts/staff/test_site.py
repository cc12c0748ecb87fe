"""The admin, and who comes in."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.browser import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_staff_come_in_by_the_one_sign_in(client: Client, operator: User, alice: User) -> None:
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/accounts/login/")
    assert sign_in(operator).get("/admin/").status_code == 200
    assert sign_in(alice).get("/admin/").status_code == 302


def test_staff_without_a_second_factor_are_sent_to_set_one_up(
    operator: User, settings: Settings
) -> None:
    settings.STAFF_MFA_REQUIRED = True
    browser = sign_in(operator)
    refused = browser.get("/admin/accounts/account/")
    assert refused["Location"].startswith("/admin/login/")
    assert browser.get("/admin/login/")["Location"] == "/accounts/2fa/"


def test_first_page_has_one_heading_for_each_room(operator: User) -> None:
    page = sign_in(operator).get("/admin/").content.decode()
    headings = re.findall(r'class="section" title="Models in the ([^"]+) application"', page)
    assert headings == ["Accounts", "Billing", "Overview", "Telephony"]
    assert "/admin/mfa/authenticator/" in page


def test_staff_change_their_password_as_customers_do(operator: User) -> None:
    browser = sign_in(operator)
    assert browser.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert browser.post("/admin/password_change/", {}).status_code == 302
