"""Ask Twilio about calls of which something is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mobayilo.lib.errors import ProductError
from telephony.calls.reconcile import reconcile, reconcile_due
from telephony.models import Call


class Command(BaseCommand):
    """Settle calls that ended and close calls without news. Safe to run in many copies."""

    help = "Asks Twilio about calls of which something is missing, settles or closes them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=500)
        parser.add_argument("--call", help="one call, now, whatever its time")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["call"]:
            self.reconcile_one(options["call"])
            return
        outcomes = reconcile_due(limit=options["limit"])
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{count} {outcome}")

    def reconcile_one(self, public_id: str) -> None:
        call = Call.objects.filter(public_id=public_id).first()
        if call is None:
            raise CommandError(f"There is no call {public_id}.")
        try:
            self.stdout.write(f"{public_id}: {reconcile(call)}")
        except ProductError as refusal:
            raise CommandError(refusal.message) from None
