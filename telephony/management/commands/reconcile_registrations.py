"""Finish registrations that no report of Twilio finished, and remove numbers at Twilio."""

from typing import Any

from django.core.management.base import BaseCommand

from telephony.phones.registrations import reconcile_registrations


class Command(BaseCommand):
    """Ask Twilio about registrations whose time has come. Safe to run twice, and at once."""

    help = "Finishes registrations of phones at Twilio, and removals."

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = reconcile_registrations()
        words = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
        self.stdout.write(words or "nothing to do")
