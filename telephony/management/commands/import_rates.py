"""Imports a rate deck from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from telephony.deck_files import (
    JUMP,
    Deck,
    DeckError,
    Difference,
    compare,
    deck_in_force,
    parse_deck,
    store_deck,
    unpriced_calling_codes,
)
from telephony.models import RateDeck

SHOWN = 20


class Command(BaseCommand):
    """Checks the whole file, shows what it changes, and applies all of it or nothing.

    Safe to run twice: a file that is the newest deck already changes nothing.
    """

    help = "Imports a rate deck: checks it, shows what changes, applies all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")
        parser.add_argument(
            "--allow-jumps", action="store_true", help=f"accept prices that change {JUMP}-fold"
        )
        parser.add_argument(
            "--allow-gaps", action="store_true", help="accept calling codes that lose their price"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        deck = self.read(options["file"])
        if deck.is_sample and not settings.IS_LOCAL:
            raise CommandError("This deck is a sample and no price list: import one of your own.")
        newest = RateDeck.objects.filter(withdrawn_at=None).order_by("-effective_from", "-id")
        if newest.values_list("digest", flat=True).first() == deck.digest:
            self.stdout.write("This file is the newest deck already: nothing to do.")
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
        stored = store_deck(deck, name=options["file"].name)
        self.stdout.write(
            f"Stored as {stored}, {stored.row_count} rates, in force from "
            f"{stored.effective_from:%Y-%m-%d %H:%M} UTC."
        )

    def read(self, path: Path) -> Deck:
        try:
            return parse_deck(path.read_text(encoding="utf-8-sig"), now=timezone.now())
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from None
        except DeckError as error:
            shown = "\n".join(f"  {problem}" for problem in error.problems[:SHOWN])
            more = len(error.problems) - SHOWN
            tail = f"\n  and {more} more" if more > 0 else ""
            raise CommandError(f"{path} was not imported:\n{shown}{tail}") from None

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
