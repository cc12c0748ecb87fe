"""Send the mails that are due. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.mail import mail_tokens_that_expire, send_due


class Command(BaseCommand):
    help = "Queue the mails of tokens that expire soon, and send the mails that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        mail_tokens_that_expire()
        sent, failed = send_due()
        self.stdout.write(f"{sent} sent, {failed} failed")
