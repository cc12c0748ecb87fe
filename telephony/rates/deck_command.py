"""The base of commands about decks: show the changes before they are made."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from telephony.rates.files import Deck, doubts_of
from telephony.rates.versions import (
    JUMP_FACTOR,
    Change,
    Version,
    compare,
    current_and_coming,
    effective_from,
    store_deck,
    versions_of,
)

SHOWN_LINES = 20


def show_changes(command: BaseCommand, changes: Sequence[Change], *, now: datetime) -> None:
    """Print the changes, losses and jumps first, since an operator must not overlook those."""
    others = [c for c in changes if not (c.is_loss or c.is_jump)]
    for title, some in (
        ("No price any more", [c for c in changes if c.is_loss]),
        ("Prices that jump", [c for c in changes if c.is_jump]),
        ("Changes" if len(others) == len(changes) else "Other changes", others),
    ):
        if some:
            command.stdout.write(f"{title}:")
        for change in some[:SHOWN_LINES]:
            command.stdout.write(f"  {in_words(change, now=now)}")
        if len(some) > SHOWN_LINES:
            command.stdout.write(f"  and {len(some) - SHOWN_LINES} more")


def in_words(change: Change, *, now: datetime) -> str:
    """Return `~ +44 United Kingdom: $0.012 60/60 → $0.02 30/6`, and the instant if it is later."""
    old, new = change.old, change.new
    when = "" if change.at <= now else f" from {change.at:%Y-%m-%d %H:%M} UTC"
    shown = (new and new.shown_prefixes) or (old and old.shown_prefixes)
    when += f" where the number shown begins with {shown}" if shown else ""
    sign = "+" if change.is_added else "-" if change.is_removed else "~"
    named = new if new and change.is_added else old or new
    words = f"{sign} +{change.prefix} {named.description if named else ''}"
    if old is None and new:
        return f"{words} {new.terms_in_words}{when}"
    terms = [
        (f"{row.terms_in_words} (as +{row.prefix})" if row.prefix != change.prefix
         else row.terms_in_words) if row else "no price"
        for row in (old, new)
    ]  # fmt: skip
    return f"{words}: {' → '.join(terms)}{when}"


class DeckCommand(BaseCommand):
    """Show the changes of a deck, and apply all of it or nothing.

    Safe to run twice: a deck that is in force, or waits for its instant, is not stored again.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")
        parser.add_argument(
            "--allow-jumps",
            action="store_true",
            help=f"accept prices that change {JUMP_FACTOR}-fold",
        )
        parser.add_argument(
            "--allow-gaps", action="store_true", help="accept prefixes that lose their price"
        )
        parser.add_argument(
            "--yes",
            action="store_true",
            help="accept prices of nothing, what looks like cents, and a country that does not fit",
        )

    def offer(self, deck: Deck, *, name: str, options: dict[str, Any]) -> None:
        """Show what the deck changes, and store it unless the options or its faults forbid."""
        now = timezone.now()
        decks = current_and_coming(now)
        if deck.digest in {stored.digest for stored in decks}:
            self.stdout.write("This deck is in force, or will be: nothing to do.")
            return
        before = versions_of(decks)
        after = [*before, Version(effective_from(deck.rows, now), deck.rows)]
        changes = compare(before, after, now=now)
        added = sum(change.is_added for change in changes)
        removed = sum(change.is_removed for change in changes)
        self.stdout.write(
            f"{len(deck.rows)} rates: {added} added, {removed} removed, "
            f"{len(changes) - added - removed} changed"
        )
        show_changes(self, changes, now=now)
        self.refuse_doubts(doubts_of(deck.rows), options)
        self.refuse(changes, options)
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was stored.")
            return
        stored = store_deck(deck, name=name)
        self.stdout.write(
            f"Stored as {stored}, {stored.row_count} rates, in force from "
            f"{stored.effective_from:%Y-%m-%d %H:%M} UTC."
        )

    def refuse_doubts(self, doubts: Sequence[str], options: dict[str, Any]) -> None:
        """Show what is probably a slip, and raise CommandError unless the options accept it."""
        for doubt in doubts[:SHOWN_LINES]:
            self.stdout.write(f"Doubtful: {doubt}")
        if len(doubts) > SHOWN_LINES:
            self.stdout.write(f"  and {len(doubts) - SHOWN_LINES} more")
        if doubts and not options["yes"]:
            raise CommandError(f"{len(doubts)} doubts; --yes accepts them.\n{doubts[0]}")

    def refuse(self, changes: Sequence[Change], options: dict[str, Any]) -> None:
        """Raise CommandError for jumps or losses that the options do not accept."""
        jumps = sum(change.is_jump for change in changes)
        if jumps and not options["allow_jumps"]:
            raise CommandError(f"{jumps} prices jump; --allow-jumps accepts them.")
        lost = sorted({change.prefix for change in changes if change.is_loss})
        if lost and not options["allow_gaps"]:
            named = ", ".join(f"+{prefix}" for prefix in lost[:SHOWN_LINES])
            more = f" and {len(lost) - SHOWN_LINES} more" if len(lost) > SHOWN_LINES else ""
            raise CommandError(f"{named}{more} would lose their price; --allow-gaps accepts that.")
