"""What importing a deck from a file and building one from Twilio's prices have in common."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telephony.deck_files import (
    JUMP,
    Deck,
    Difference,
    compare,
    deck_in_force,
    store_deck,
    unpriced_calling_codes,
)
from telephony.models import RateDeck

SHOWN = 20


class DeckCommand(BaseCommand):
    """Shows what a deck changes, and applies all of it or nothing.

    Safe to run twice: a deck that is the newest already changes nothing.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")
        parser.add_argument(
            "--allow-jumps", action="store_true", help=f"accept prices that change {JUMP}-fold"
        )
        parser.add_argument(
            "--allow-gaps", action="store_true", help="accept calling codes that lose their price"
        )

    def offer(self, deck: Deck, *, name: str, options: dict[str, Any]) -> None:
        newest = RateDeck.objects.filter(withdrawn_at=None).order_by("-effective_from", "-id")
        if newest.values_list("digest", flat=True).first() == deck.digest:
            self.stdout.write("This is the newest deck already: nothing to do.")
            return
        before = deck_in_force()
        difference = compare(before, deck.rows)
        self.show(difference, len(deck.rows))
        if difference.jumps and not options["allow_jumps"]:
            raise CommandError(f"{len(difference.jumps)} prices jump; --allow-jumps accepts them.")
        lost = set(unpriced_calling_codes(deck.rows)) - set(unpriced_calling_codes(before))
        if before and lost and not options["allow_gaps"]:
            codes = ", ".join(f"+{code}" for code in sorted(lost))
            raise CommandError(f"{codes} would lose their price; --allow-gaps accepts that.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was stored.")
            return
        self.store(deck, name)

    def store(self, deck: Deck, name: str) -> None:
        stored = store_deck(deck, name=name)
        self.stdout.write(
            f"Stored as {stored}, {stored.row_count} rates, in force from "
            f"{stored.effective_from:%Y-%m-%d %H:%M} UTC."
        )

    def show(self, difference: Difference, total: int) -> None:
        added, removed, changed = difference.added, difference.removed, difference.changed
        self.stdout.write(
            f"{total} rates: {len(added)} added, {len(removed)} removed, {len(changed)} changed"
        )
        for old, new in changed[:SHOWN]:
            self.stdout.write(
                f"  ~ +{new.prefix} {new.description}: {old.terms_in_words} → {new.terms_in_words}"
            )
        for sign, rows in (("+", added), ("-", removed)):
            for row in rows[:SHOWN]:
                self.stdout.write(f"  {sign} +{row.prefix} {row.description} {row.terms_in_words}")
            if len(rows) > SHOWN:
                self.stdout.write(f"  {sign} and {len(rows) - SHOWN} more")
