"""Deletes failed requests that nobody asks about. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from mobayilo.overview.failures import forget_old_failures


class Command(BaseCommand):
    help = "Delete refused and failed requests older than 30 days. Run it every day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old_failures()} deleted")
