"""Mails that were sent."""

from django.core import mail
from django.core.management import call_command


def mails() -> list[str]:
    call_command("send_notices")
    return [str(message.subject) for message in mail.outbox]
