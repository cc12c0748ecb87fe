"""Compares a day of our calls with Twilio's list of them. Ends with 1 if anything differs."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from mobayilo.lib.errors import ProductError
from telephony.carrier_books import reconcile_twilio


class Command(BaseCommand):
    help = "Compare a day (UTC; yesterday without --date) with Twilio's call list and prices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", help="a day, such as 2026-11-24")

    def handle(self, *args: Any, **options: Any) -> None:
        yesterday = (timezone.now() - timedelta(days=1)).date()
        try:
            day = parse_date(options["date"]) if options["date"] else yesterday
        except ValueError:
            day = None
        if day is None:
            raise CommandError("--date must be a day, such as 2026-11-24")
        try:
            report = reconcile_twilio(day)
        except ProductError as error:
            raise CommandError(f"{error.message} {error.hint}") from None
        self.stdout.write(report.text)
        if report.difference_count:
            sys.exit(1)
