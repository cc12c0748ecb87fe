"""Try every part of Twilio that calls need."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mobayilo.lib.errors import ProductError
from telephony.models import CallerId
from telephony.phones.shown_rules import current_rules
from telephony.twilio import gateway

Step = tuple[str, Callable[[], str], str]


class Command(BaseCommand):
    """Ask without changing anything, and say for each fault where to correct it."""

    help = "Tries the Twilio credentials, the Verify service and the dialing permissions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--country",
            action="append",
            help="a country that customers call; by default those that they call from",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"asking {settings.TWILIO_API_URL or 'Twilio'}")
        faults = [name for step in self.steps(options["country"]) if (name := self.run(step))]
        if faults:
            raise CommandError(f"{len(faults)} to put right: {', '.join(faults)}")
        self.stdout.write(self.style.SUCCESS("All is well."))

    def steps(self, countries: list[str] | None) -> Iterator[Step]:
        console = "https://console.twilio.com"
        yield (
            "account",
            gateway.check_account,
            f"Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to what {console} shows.",
        )
        yield (
            "Verify service",
            gateway.check_verify_service,
            "Create one under Verify → Services and set TWILIO_VERIFY_SERVICE_SID to its SID.",
        )
        yield (
            "our number",
            partial(gateway.check_number, settings.TWILIO_FROM_NUMBER),
            "Set TWILIO_FROM_NUMBER to a voice number under Phone Numbers → Active numbers.",
        )
        for number in sorted(current_rules().operator_numbers - {settings.TWILIO_FROM_NUMBER}):
            yield (
                f"shown number {number}",
                partial(gateway.check_number, number),
                "Buy it under Phone Numbers, or import rules of shown numbers without it.",
            )
        yield (
            "prices",
            lambda: f"{len(gateway.voice_prices('US'))} for the US",
            "Ask Twilio's support why the Pricing API refuses this account.",
        )
        for country in countries or self.called_from():
            yield (
                f"calls to {country}",
                partial(gateway.check_dialing_permission, country),
                f"Allow {country} under Voice → Settings → Geo permissions.",
            )

    def called_from(self) -> list[str]:
        active = CallerId.objects.filter(removed_at=None).order_by("country")
        return list(active.values_list("country", flat=True).distinct())

    def run(self, step: Step) -> str:
        """Try one part. Return its name if it is at fault."""
        name, ask, remedy = step
        try:
            self.stdout.write(f"  ✓ {name}: {ask()}")
        except ProductError as refusal:
            self.stdout.write(self.style.ERROR(f"  ✗ {name}: {refusal.message} {remedy}"))
            return name
        return ""
