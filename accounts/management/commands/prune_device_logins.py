"""Deletes device logins that ended, and where tokens were used that ended long ago.

Safe to run twice and in two processes.
"""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from accounts.models import AccessToken, DeviceLogin

# A device that polls late is told "expired" and not "unknown"; support may look back for a week.
# What was decided stays in the audit log.
KEPT = timedelta(days=7)
TRACES_KEPT = timedelta(days=90)


class Command(BaseCommand):
    help = (
        "Delete device logins that expired more than a week ago, and addresses and programs of "
        "tokens that ended more than 90 days ago. Run it every hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ended = DeviceLogin.objects.filter(expires_at__lt=timezone.now() - KEPT)
        deleted, _ = ended.delete()
        self.stdout.write(f"{deleted} deleted, {_forget_traces()} tokens without address")


def _forget_traces() -> int:
    """Where ended tokens were made and used; name, device and dates stay for the list."""
    before = timezone.now() - TRACES_KEPT
    ended = AccessToken.objects.filter(Q(revoked_at__lt=before) | Q(expires_at__lt=before))
    traced = ended.filter(Q(created_ip__isnull=False) | Q(last_used_ip__isnull=False))
    return traced.update(created_ip=None, last_used_ip=None, last_used_agent="")
