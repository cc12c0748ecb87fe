"""Deletes device logins that ended. Safe to run twice and in two processes."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import DeviceLogin

# A device that polls late is told "expired" and not "unknown"; support may look back for a week.
# What was decided stays in the audit log.
KEPT = timedelta(days=7)


class Command(BaseCommand):
    help = "Delete device logins that expired more than a week ago. Run it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = DeviceLogin.objects.filter(expires_at__lt=timezone.now() - KEPT)
        deleted, _ = ended.delete()
        self.stdout.write(f"{deleted} deleted")
