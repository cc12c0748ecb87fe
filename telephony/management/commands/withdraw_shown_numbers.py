"""Take rules about shown numbers out of force, so that the version before them applies again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telephony.models import ShownNumberRules
from telephony.phones.shown import withdraw_rules


class Command(BaseCommand):
    """Withdraw a version. Safe to run twice."""

    help = "Withdraws rules about shown numbers; those before them, or the shipped ones, return."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rules", type=int, help="their id, as import_shown_numbers says it")
        parser.add_argument("--reason", required=True, help="kept in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        version = ShownNumberRules.objects.filter(pk=options["rules"]).first()
        if version is None:
            raise CommandError(f"There are no rules {options['rules']}.")
        if not options["reason"].strip():
            raise CommandError("Give a reason.")
        if withdraw_rules(version, reason=options["reason"].strip()):
            self.stdout.write(f"{version} are withdrawn.")
        else:
            self.stdout.write(f"{version} were withdrawn already: nothing to do.")
