"""Sends the mails that are due. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.outbox import send_due


class Command(BaseCommand):
    help = "Send the mails that are due. Run it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        sent, failed = send_due()
        self.stdout.write(f"{sent} sent, {failed} failed")
