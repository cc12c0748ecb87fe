"""Ask Stripe about payments that wait for too long. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from billing.payments.reconciliation import reconcile_topups


class Command(BaseCommand):
    help = "Finish top-ups, refunds and events that a lost webhook or a time-out left open."

    def handle(self, *args: Any, **options: Any) -> None:
        for subject, number in reconcile_topups().items():
            self.stdout.write(f"{number} {subject}")
