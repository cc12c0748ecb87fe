"""Set whose number is shown, by the country of the phone and the country that is called."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mobayilo.lib.errors import ProductError
from telephony.phones.shown import current_text, differences, read_rules, store_rules


class Command(BaseCommand):
    """Check the file, show what it changes, and store it as a version. Safe to run twice."""

    help = "Imports the rules about whose number is shown; without a file, prints those in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--reason", default="", help="kept in the audit log")
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        if path is None:
            self.stdout.write(current_text(), ending="")
            return
        try:
            text = path.read_text(encoding="utf-8-sig")
            changes = differences(read_rules(current_text()), read_rules(text))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from None
        except ProductError as refusal:
            raise CommandError(f"{path} was not imported: {refusal.message}") from None
        self.stdout.write("\n".join(changes) or "Nothing changes.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was stored.")
            return
        if not options["reason"].strip():
            raise CommandError("Give a reason.")
        stored = store_rules(text, reason=options["reason"].strip())
        self.stdout.write(f"In force: {stored}, {stored.row_count} rows.")
