"""Delete kept answers that are no longer replayed. Safe to run twice and in two processes."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.api.idempotency import KEY_LIFE
from accounts.models import IdempotencyKey


class Command(BaseCommand):
    help = "Delete answers kept for an Idempotency-Key longer than 24 hours. Run it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        old = IdempotencyKey.objects.filter(started_at__lt=timezone.now() - KEY_LIFE)
        deleted, _ = old.delete()
        self.stdout.write(f"{deleted} deleted")
