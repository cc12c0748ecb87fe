"""Import a rate deck from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from telephony.rates.deck_command import SHOWN_LINES, DeckCommand
from telephony.rates.files import Deck, DeckError, parse_deck


class Command(DeckCommand):
    """Check the whole file, show what it changes, and apply all of it or nothing."""

    help = "Imports a rate deck: checks it, shows what changes, applies all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        deck = self.read(options["file"])
        if deck.is_sample and not settings.IS_LOCAL:
            raise CommandError("This deck is a sample and no price list: import one of your own.")
        self.offer(deck, name=options["file"].name, options=options)

    def read(self, path: Path) -> Deck:
        try:
            return parse_deck(path.read_text(encoding="utf-8-sig"), now=timezone.now())
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from None
        except DeckError as error:
            shown = "\n".join(f"  {problem}" for problem in error.problems[:SHOWN_LINES])
            more = len(error.problems) - SHOWN_LINES
            tail = f"\n  and {more} more" if more > 0 else ""
            raise CommandError(f"{path} was not imported:\n{shown}{tail}") from None
