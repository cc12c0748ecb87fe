"""The frame of the commands that compare a day with a provider's books."""

import sys
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max
from django.utils import timezone
from django.utils.dateparse import parse_date

from billing.models import AuditReport
from mobayilo.lib.errors import ProductError

# How far back a day is made up for on which the provider or we were away.
DAYS_BACK = 7


class DayCommand(BaseCommand):
    """Prints and keeps the report of a day. Ends with 1 if anything differs."""

    subject: AuditReport.Subject

    def compare(self, day: date) -> AuditReport:
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--date", help="a day in UTC, such as 2026-11-24; without it each day since the newest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = options["date"]
            reports = [self.compare(day) for day in ([read_day(asked)] if asked else self._due())]
        except ProductError as error:
            raise CommandError(f"{error.message} {error.hint}") from None
        self.stdout.write("\n\n".join(report.text for report in reports))
        if any(report.difference_count for report in reports):
            sys.exit(1)

    def _due(self) -> list[date]:
        """The days since the newest report, up to yesterday, which is always one of them."""
        yesterday = (timezone.now() - timedelta(days=1)).date()
        kept = AuditReport.objects.filter(subject=self.subject, day__lt=yesterday)
        newest = kept.aggregate(Max("day"))["day__max"] or yesterday - timedelta(days=1)
        days = min((yesterday - newest).days, DAYS_BACK)
        return [yesterday - timedelta(days=back) for back in reversed(range(days))]


def read_day(text: str) -> date:
    """A day of the command line. Raises CommandError."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{text!r} is not a day, such as 2026-11-24")
    return day
