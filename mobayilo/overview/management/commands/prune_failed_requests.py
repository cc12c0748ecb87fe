"""Delete old failed requests and refused calls. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from mobayilo.overview.failures import delete_old_failures


class Command(BaseCommand):
    help = "Delete failed requests and refused calls older than 30 days. Run it every day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{delete_old_failures()} deleted")
