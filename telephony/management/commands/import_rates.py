"""Import a rate deck from a CSV file."""

import codecs
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from telephony.rates.columns import NAMES, DeckError
from telephony.rates.deck_command import SHOWN_LINES, DeckCommand
from telephony.rates.files import COLUMNS, Deck, parse_deck


class Command(DeckCommand):
    """Check the whole file, show what it changes, and apply all of it or nothing."""

    help = "Imports a rate deck: checks it, shows what changes, applies all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OURS=THEIRS,…",
            help="the file's names of columns, as prefix=Code,price_per_minute=Rate",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        deck = self.read(options["file"], mapping_from(options["map"]))
        if deck.is_sample and not settings.IS_LOCAL:
            raise CommandError("This deck is a sample and no price list: import one of your own.")
        if deck.layout.header[: len(COLUMNS)] != COLUMNS:
            self.stdout.write(deck.layout.in_words)
            if not {"increments", "first_seconds", "next_seconds"} & set(deck.layout.places):
                self.stdout.write("It names no increments: started minutes are billed (60/60).")
        self.offer(deck, name=options["file"].name, options=options)

    def read(self, path: Path, mapping: dict[str, str]) -> Deck:
        try:
            return parse_deck(decoded(path.read_bytes()), now=timezone.now(), mapping=mapping)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from None
        except DeckError as error:
            shown = "\n".join(f"  {problem}" for problem in error.problems[:SHOWN_LINES])
            more = len(error.problems) - SHOWN_LINES
            tail = f"\n  and {more} more" if more > 0 else ""
            raise CommandError(f"{path} was not imported:\n{shown}{tail}") from None


def mapping_from(options: list[str]) -> dict[str, str]:
    """Return our names of columns and the file's. Raise CommandError for what is none of ours."""
    mapping = {}
    for pair in ",".join(options).split(",") if options else ():
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if ours not in NAMES or not equals or not theirs:
            raise CommandError(f"--map takes COLUMN=NAME, with a COLUMN of: {', '.join(NAMES)}")
        mapping[ours] = theirs
    return mapping


def decoded(content: bytes) -> str:
    """Return the text of a file as programs for tables save it: UTF-8, UTF-16, or Windows' own."""
    if content.startswith(b"PK\x03\x04"):
        raise CommandError("This is a workbook: save its sheet as CSV, and import that.")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
