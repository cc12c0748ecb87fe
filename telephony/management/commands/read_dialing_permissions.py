"""Ask Twilio which countries our account may call."""

from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mobayilo.lib.errors import ProductError
from telephony.rates.deck import current_deck
from telephony.twilio.permissions import read_permissions


class Command(BaseCommand):
    """Keep the closed countries, and say which closed ones have a price. Safe to run twice."""

    help = "Reads which countries Twilio does not call for us; they are refused from then on."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            permissions = read_permissions()
        except ProductError as refusal:
            if refusal.code != "provider_unavailable":
                raise CommandError(refusal.message) from None
            # The last answer counts for a day, and the next run asks again.
            self.stdout.write(f"not read: {refusal.message}")
            return
        closed = permissions.closed_countries.split()
        self.stdout.write(f"{permissions.country_count} countries, {len(closed)} closed")
        priced: set[str] = set()
        with suppress(ProductError):  # no price list is in force
            priced = current_deck().countries & set(closed)
        if priced:
            self.stdout.write(f"closed in spite of a price: {', '.join(sorted(priced))}")
