"""Mails are queued once a cause, and sent once each."""

import threading

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from accounts.mail.outbox import queue_mail
from accounts.models import OutboxMail, User
from accounts.secrets import new_secret

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
