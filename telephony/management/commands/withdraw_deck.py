"""Take a rate deck out of force, so that the deck before it applies again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.models import RateDeck
from telephony.rates.deck_command import show_changes
from telephony.rates.versions import (
    compare,
    current_and_coming,
    decks_without,
    versions_of,
    withdraw_deck,
)


class Command(BaseCommand):
    """Show the changes of prices, and withdraw the deck. Safe to run twice."""

    help = "Withdraws a rate deck: shows what changes, then the deck before it applies again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("deck", type=int, help="its id, as import_rates and the admin say it")
        parser.add_argument("--reason", required=True, help="kept in the audit log")
        parser.add_argument("--dry-run", action="store_true", help="show what would change only")

    def handle(self, *args: Any, **options: Any) -> None:
        deck = RateDeck.objects.filter(pk=options["deck"]).first()
        if deck is None:
            raise CommandError(f"There is no deck {options['deck']}.")
        if deck.withdrawn_at:
            self.stdout.write(f"{deck} was withdrawn already: nothing to do.")
            return
        try:
            self.withdraw(deck, options["reason"].strip(), dry_run=options["dry_run"])
        except ProductError as refusal:
            raise CommandError(refusal.message) from None

    def withdraw(self, deck: RateDeck, reason: str, *, dry_run: bool) -> None:
        if not reason:
            raise CommandError("Give a reason.")
        now = timezone.now()
        left = decks_without(deck, now=now)
        show_changes(
            self, compare(versions_of(current_and_coming(now)), versions_of(left), now=now), now=now
        )
        if dry_run:
            self.stdout.write("Dry run: nothing was withdrawn.")
            return
        withdraw_deck(deck, reason=reason)
        self.stdout.write(f"{deck} is withdrawn; {left[0]} is in force.")
