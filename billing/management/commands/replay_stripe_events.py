"""Apply stored events of Stripe again, with the same result. Safe to run twice."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from billing.ledger.statements import begin_of
from billing.management.day_command import read_day
from billing.models import StripeEvent
from billing.payments.events import replay_event


class Command(BaseCommand):
    help = "Apply stored events of Stripe again: all of them, or those since a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", help="a day in UTC, such as 2026-11-24")

    def handle(self, *args: Any, **options: Any) -> None:
        stored = StripeEvent.objects.order_by("stripe_created_at", "id")
        if options["since"]:
            since = begin_of(read_day(options["since"]))
            stored = stored.filter(stripe_created_at__gte=since)
        replayed = unreadable = 0
        for event in stored.iterator():
            try:
                replay_event(event)
                replayed += 1
            except ValueError:
                unreadable += 1
                self.stderr.write(f"{event.stripe_id} cannot be read")
        self.stdout.write(f"{replayed} replayed, {unreadable} unreadable")
