"""Release holds whose time is over. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from billing.ledger import release_overdue_holds


class Command(BaseCommand):
    help = "Release holds that have expired, so that their money can be spent again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{release_overdue_holds()} released")
