"""Accounts as support sees them."""

import re

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.admin_actions import PAGES
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import start
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_pages_show_nothing_secret(client: Client, operator: User, alice: User) -> None:
    token = new_token(alice)
    started = start(client)
    browser = sign_in(operator)
    seen = ""
    for page in PAGES:
        listed = browser.get(f"/admin/accounts/{page}/").content.decode()
        for path in set(re.findall(rf"/admin/accounts/{page}/\d+/change/", listed)):
            seen += browser.get(path).content.decode()
        seen += listed
    assert "alice@example.org" in seen
    assert token.row.digest not in seen
    assert token.secret[9:] not in seen
    assert started["user_code"] not in seen
    assert str(browser.session.session_key) not in seen


def test_second_factors_and_sessions_show_no_secret(operator: User, alice: User) -> None:
    other = sign_in(alice)
    listed = sign_in(operator).get("/admin/usersessions/usersession/")
    path = re.findall(r"/admin/usersessions/usersession/\d+/change/", listed.content.decode())[0]
    page = sign_in(operator).get(path).content.decode()
    assert str(other.session.session_key) not in page
