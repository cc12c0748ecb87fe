"""The adapters of allauth: its mails go through the outbox, and staff need a second factor."""

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import OutboxMail, User
from dev.authenticator_app import code_shown
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import set_up_factor
from tests.people import PASSWORD, person

NEW = "another battery"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_notice_of_a_change_is_kept_for_its_user(alice: User) -> None:
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    sign_in(alice).post("/accounts/password/change/", sent)
    kept = OutboxMail.objects.get()
    assert (kept.user, kept.template) == (alice, "account/email/password_changed")
    assert "127.0.0.1" in mail.outbox[0].body


def test_stranger_who_resets_is_shown_and_not_kept(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": "nobody@example.net"})
    assert [message.to for message in mail.outbox] == [["nobody@example.net"]]
    assert not OutboxMail.objects.exists()


def test_staff_with_a_second_factor_come_in(operator: User, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    secret = set_up_factor(operator)
    browser = sign_in(operator)
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code_shown(secret)})
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("page", ["account/emailaddress", "mfa/authenticator"])
def test_pages_of_proofs_are_to_look_at(operator: User, alice: User, page: str) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    set_up_factor(alice)
    shown = boss.get(f"/admin/{page}/")
    assert shown.status_code == 200
    assert shown.context["action_form"] is None
    assert boss.get(f"/admin/{page}/add/").status_code == 403
