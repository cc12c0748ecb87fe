"""Delete device logins that ended, and the traces of tokens that ended long ago.

Safe to run twice and in two processes.
"""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from accounts.models import AccessToken, DeviceLogin

# A device that polls late gets "expired" and not "unknown"; support may look back for a week.
# The decisions stay in the audit log.
LOGINS_KEPT_FOR = timedelta(days=7)
TRACES_KEPT_FOR = timedelta(days=90)


class Command(BaseCommand):
    help = (
        "Delete device logins that expired more than a week ago, and addresses and programs of "
        "tokens that ended more than 90 days ago. Run it every hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        deleted, _ = DeviceLogin.objects.filter(expires_at__lt=now - LOGINS_KEPT_FOR).delete()
        # Name, device and dates stay for the list.
        before = now - TRACES_KEPT_FOR
        ended = AccessToken.objects.filter(Q(revoked_at__lt=before) | Q(expires_at__lt=before))
        traced = ended.filter(Q(created_ip__isnull=False) | Q(last_used_ip__isnull=False))
        cleared = traced.update(created_ip=None, last_used_ip=None, last_used_agent="")
        self.stdout.write(f"{deleted} deleted, {cleared} tokens without address")
