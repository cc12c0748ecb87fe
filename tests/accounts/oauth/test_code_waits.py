"""A code that came with a link waits through sign-up, confirmation, reset and a second factor."""

import re
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core import mail
from django.test import Client

from accounts.models import User
from dev.authenticator_app import code_shown
from tests.accounts.device_logins import start
from tests.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def code(client: Client) -> str:
    return str(start(client)["user_code"])


@pytest.fixture
def browser(code: str) -> Client:
    """A browser that opened the link of the terminal, signed in nowhere."""
    browser = Client()
    assert browser.get(f"/device?user_code={code}").status_code == 302
    return browser


def follow(browser: Client, answer: Any) -> Any:  # noqa: ANN401 - the type of the test client's answers has no name
    while answer.status_code == 302:
        answer = browser.get(answer["Location"])
    return answer


def link_in_mail(pattern: str) -> str:
    return str(re.findall(rf"http://[^/]+({pattern}\S+)", str(mail.outbox[-1].body))[0])


def totp(user: User) -> str:
    """Give a user an authenticator app. Return its secret."""
    secret = str(generate_totp_secret())
    sealed = get_adapter().encrypt(secret)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": sealed})
    return secret


def test_code_waits_through_sign_up_and_confirmation(browser: Client, code: str) -> None:
    sent = {"email": "new@example.org", "password1": PASSWORD, "next": "/device"}
    assert browser.post("/accounts/signup/", sent).status_code == 302
    confirmed = browser.post(link_in_mail("/accounts/confirm-email/"))
    page = follow(browser, confirmed)
    if "/accounts/login/" in page.request["PATH_INFO"]:
        sent = {"login": "new@example.org", "password": PASSWORD}
        page = follow(browser, browser.post("/accounts/login/", sent))
    assert page.request["PATH_INFO"] == "/device"
    assert code in page.content.decode()


def test_code_waits_through_a_second_factor(browser: Client, code: str, alice: User) -> None:
    secret = totp(alice)
    sent = {"login": alice.email, "password": PASSWORD, "next": "/device"}
    challenge = browser.post("/accounts/login/", sent)
    assert challenge["Location"] == "/accounts/2fa/authenticate/"
    page = follow(
        browser, browser.post("/accounts/2fa/authenticate/", {"code": code_shown(secret)})
    )
    assert page.request["PATH_INFO"] == "/device"
    assert code in page.content.decode()


def test_code_waits_through_a_password_reset(browser: Client, code: str, alice: User) -> None:
    browser.post("/accounts/password/reset/", {"email": alice.email})
    form = browser.get(link_in_mail("/accounts/password/reset/key/"))["Location"]
    browser.post(form, {"password1": "another horse battery", "password2": "another horse battery"})
    sent = {"login": alice.email, "password": "another horse battery"}
    page = follow(browser, browser.post("/accounts/login/", sent))
    assert page.request["PATH_INFO"] == "/device"
    assert code in page.content.decode()


def test_sign_in_leads_to_no_other_site(alice: User) -> None:
    sent = {"login": alice.email, "password": PASSWORD, "next": "https://example.com/device"}
    assert Client().post("/accounts/login/", sent)["Location"] == "/after-sign-in"


def test_seed_of_a_second_factor_is_encrypted_at_rest(alice: User) -> None:
    secret = totp(alice)
    assert secret not in str(list(Authenticator.objects.values()))


def test_second_factor_counts_as_a_fresh_sign_in(browser: Client, code: str, alice: User) -> None:
    secret = totp(alice)
    browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code_shown(secret)})
    session = browser.session
    session["account_authentication_methods"][0]["at"] -= 3600
    session.save()
    browser.post("/device", {"user_code": code})
    assert browser.get("/device/confirm").status_code == 200
