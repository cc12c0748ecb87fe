"""Pages that open to a sign-in, or only to a fresh one."""

import pytest
from django.test import Client

from accounts.models import AccessToken, DeviceLogin, User
from tests.accounts.browser import enter_code, shown_terms, sign_in, wait_past_sudo
from tests.accounts.device_logins import start
from tests.accounts.token_pages import terms
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_approval_needs_a_fresh_sign_in(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    terms = shown_terms(browser)
    wait_past_sudo(browser)
    assert browser.get("/device/confirm")["Location"].startswith("/accounts/reauthenticate/")
    stale = browser.post("/device/approve", terms)
    assert stale["Location"] == "/accounts/reauthenticate/?next=%2Fdevice%2Fapprove"
    assert DeviceLogin.objects.get().state == "pending"
    confirmed = browser.post(stale["Location"], {"password": "correct horse battery"})
    assert confirmed["Location"] == "/device/approved"


def test_making_and_replacing_need_a_fresh_sign_in(alice: User) -> None:
    browser = sign_in(alice)
    token = new_token(alice, name="old").row
    wait_past_sudo(browser)
    for path in ("new", f"{token.public_id}/rotate", "revoke-all"):
        answer = browser.post(f"/settings/tokens/{path}", terms())
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert AccessToken.objects.get().is_live
    browser.post(f"/settings/tokens/{token.public_id}/revoke")
    assert not AccessToken.objects.get().is_live


def test_pages_need_a_sign_in(client: Client) -> None:
    for path in ("tokens", "tokens/new", "devices", "security"):
        assert client.get(f"/settings/{path}")["Location"].startswith("/accounts/login/")
