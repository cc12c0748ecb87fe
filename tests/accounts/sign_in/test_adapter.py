"""Mails of allauth, sent through the outbox."""

import pytest
from django.core import mail
from django.test import Client

from accounts.models import OutboxMail, User
from tests.accounts.browser import sign_in
from tests.people import PASSWORD

NEW = "another battery"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_notice_of_a_change_is_kept_for_its_user(alice: User) -> None:
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    sign_in(alice).post("/accounts/password/change/", sent)
    kept = OutboxMail.objects.get()
    assert (kept.user, kept.template) == (alice, "account/email/password_changed")
    assert "127.0.0.1" in mail.outbox[0].body


def test_stranger_who_resets_is_told_and_not_kept(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": "nobody@example.net"})
    assert [message.to for message in mail.outbox] == [["nobody@example.net"]]
    assert not OutboxMail.objects.exists()
