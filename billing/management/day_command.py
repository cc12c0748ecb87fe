"""The base of the commands that compare a day with a provider's books."""

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

# The longest outage, of the provider or of ours, whose days are compared afterwards.
MOST_DAYS_BACK = 7


class DayCommand(BaseCommand):
    """Print and store the reports of one or several days; exit with 1 if anything differs."""

    subject: AuditReport.Subject

    def compare(self, day: date) -> AuditReport:
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--date", help="a day in UTC, such as 2026-11-24; without it each day since the newest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["date"]:
            days = [read_day(options["date"])]
        else:
            # The days since the newest report, always with yesterday as the last one.
            yesterday = (timezone.now() - timedelta(days=1)).date()
            earlier = AuditReport.objects.filter(subject=self.subject, day__lt=yesterday)
            newest = earlier.aggregate(Max("day"))["day__max"] or yesterday - timedelta(days=1)
            missing = min((yesterday - newest).days, MOST_DAYS_BACK)
            days = [yesterday - timedelta(days=back) for back in reversed(range(missing))]
        try:
            reports = [self.compare(day) for day in days]
        except ProductError as error:
            raise CommandError(f"{error.message} {error.hint}") from None
        self.stdout.write("\n\n".join(report.text for report in reports))
        if any(report.difference_count for report in reports):
            sys.exit(1)


def read_day(text: str) -> date:
    """Return the day that an argument names. Raise CommandError if it is none."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{text!r} is not a day, such as 2026-11-24")
    return day
