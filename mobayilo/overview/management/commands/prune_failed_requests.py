"""Deletes failed requests and refused calls of old. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand

from mobayilo.overview.failures import forget_old_failures


class Command(BaseCommand):
    help = "Delete failed requests and refused calls older than 30 days. Run it every day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old_failures()} deleted")
