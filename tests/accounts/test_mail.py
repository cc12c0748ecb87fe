"""Mails are queued once a cause and sent once; links of sign-in stay out of sight."""

import json
import re
import threading
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.mail import queue_mail
from accounts.models import OutboxMail, User
from accounts.secrets import new_secret
from tests.accounts.browser import sign_in
from tests.people import PASSWORD, person

TEMPLATE = "accounts/mail/token_created"


def queue(user: User, key: str = "token-created:tok_1") -> bool:
    context = {"name": "ci", "last_four": "4Us3", "scopes": ["calls:read"], "expires_at": ""}
    return queue_mail(user, template=TEMPLATE, context=context, key=key)


@pytest.mark.db
@pytest.mark.django_db
def test_mail_is_queued_once_and_sent_once(alice: User) -> None:
    assert queue(alice)
    assert not queue(alice)
    call_command("send_notices")
    call_command("send_notices")
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "ci" in message.body
    assert message.extra_headers["Message-ID"].startswith("<")


@pytest.mark.django_db
def test_mail_hides_a_token_in_its_context(alice: User) -> None:
    queue_mail(alice, template=TEMPLATE, context={"name": new_secret("pat")}, key="k")
    assert OutboxMail.objects.get().context == {"name": "moby_pat_…"}


@pytest.mark.django_db
def test_mail_is_tried_again_after_a_failure(alice: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # no server listens there
    queue(alice)
    call_command("send_notices")
    waiting = OutboxMail.objects.get()
    assert (waiting.attempts, waiting.sent_at) == (1, None)
    assert waiting.last_error == "ConnectionRefusedError"
    assert waiting.due_at > waiting.created_at


@pytest.mark.django_db
def test_mail_server_that_is_away_is_not_waited_for_mail_by_mail(
    alice: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # no server listens there
    for number in range(5):
        queue(alice, key=f"k{number}")
    call_command("send_notices")
    assert OutboxMail.objects.filter(attempts=0).count() == 2
    call_command("send_notices")
    assert not OutboxMail.objects.exclude(attempts=1).exists()


@pytest.mark.django_db
def test_mail_that_cannot_be_written_keeps_no_other_back(alice: User) -> None:
    queue_mail(alice, template="accounts/mail/nothing", context={}, key="broken")
    queue(alice)
    call_command("send_notices")
    assert len(mail.outbox) == 1
    assert OutboxMail.objects.get(key="broken").last_error == "TemplateDoesNotExist"


@pytest.mark.django_db(transaction=True)
def test_mail_is_sent_once_by_processes_at_once(alice: User) -> None:
    for number in range(10):
        queue(alice, key=f"k{number}")

    def run() -> None:
        call_command("send_notices")
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 10
    assert len(mail.outbox) == 10


NEW = "another battery"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


def link_of(message_number: int) -> str:
    """The path of the link in a mail that went out."""
    found = re.search(
        r"http://\S+/(confirm-email|reset/key)/\S+", str(mail.outbox[message_number].body)
    )
    assert found is not None
    return urlsplit(found[0]).path


def send_again(kept: OutboxMail) -> None:
    helper = person("sam@example.org", is_staff=True)
    helper.groups.add(Group.objects.get(name="support"))
    sent = {"action": "send_again", "_selected_action": kept.pk, "with_reason": "yes"}
    sign_in(helper).post("/admin/accounts/outboxmail/", {**sent, "reason": "it never came"})
    call_command("send_notices")


def sign_up(email: str) -> None:
    Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})


def test_confirmation_is_kept_without_its_link_and_sent_again_with_a_fresh_one(db: None) -> None:
    sign_up("new@example.org")
    (kept,) = OutboxMail.objects.all()
    assert (kept.user.email, kept.sent_at is not None) == ("new@example.org", True)
    assert "http" not in json.dumps(kept.context)
    send_again(kept)
    assert [message.to for message in mail.outbox] == [["new@example.org"]] * 2
    Client().post(link_of(1))
    assert EmailAddress.objects.get(email="new@example.org").verified


def test_password_reset_is_sent_again_with_a_link_that_works(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email})
    kept = OutboxMail.objects.get(template="account/email/password_reset_key")
    assert link_of(0).rpartition("/key/")[2] not in json.dumps(kept.context)
    send_again(kept)
    browser = Client()
    form = browser.get(link_of(1), follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_link_is_not_sent_again_to_an_address_that_was_given_up(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email})
    EmailAddress.objects.filter(user=alice).update(email="alice.new@example.org")
    send_again(OutboxMail.objects.get(template="account/email/password_reset_key"))
    assert len(mail.outbox) == 1
    assert OutboxMail.objects.latest("id").last_error == "DoesNotExist"


def test_mail_server_that_is_away_fails_no_sign_up_and_is_asked_again(
    db: None, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 9
    sign_up("new@example.org")
    kept = OutboxMail.objects.get()
    assert (kept.sent_at, kept.last_error) == (None, "ConnectionRefusedError")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutboxMail.objects.update(due_at=timezone.now())
    call_command("send_notices")
    Client().post(link_of(0))
    assert EmailAddress.objects.get(email="new@example.org").verified
