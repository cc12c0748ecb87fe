"""Compare every total of the ledger with its rows; exit with 1 if anything differs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing.ledger.audit import audit_ledger


class Command(BaseCommand):
    help = "Works every total of the ledger out again, prints what differs, and keeps the report."

    def handle(self, *args: Any, **options: Any) -> None:
        report = audit_ledger()
        self.stdout.write(report.text)
        if report.difference_count:
            sys.exit(1)
