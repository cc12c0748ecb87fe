"""Build a rate deck from Twilio's Pricing API."""

from argparse import ArgumentParser
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import dollars_to_micros
from telephony.numbers import country_names
from telephony.rates.columns import DeckError
from telephony.rates.deck_command import SHOWN_LINES, DeckCommand
from telephony.rates.files import Margin, deck_from_prices, parse_deck
from telephony.twilio import gateway
from telephony.twilio.gateway import ProviderPrice


class Command(DeckCommand):
    """Ask Twilio for its prices, add the margin, and offer the result as a new deck."""

    help = "Builds a rate deck from Twilio's prices and a margin; --output writes it instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--margin", type=int, required=True, help="percent on top")
        parser.add_argument("--minimum", type=Decimal, default=Decimal("0.01"), help="in dollars")
        parser.add_argument("--first", type=int, default=60, help="first increment in seconds")
        parser.add_argument("--next", type=int, default=60, help="next increments in seconds")
        parser.add_argument("--country", action="append", help="only these ISO codes")
        parser.add_argument("--output", type=Path, help="write the CSV here and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        margin = Margin(
            percent=options["margin"],
            minimum_micros=dollars_to_micros(options["minimum"]),
            first_seconds=options["first"],
            next_seconds=options["next"],
        )
        try:
            text = deck_from_prices(self.prices(options["country"]), margin=margin)
            deck = parse_deck(text, now=timezone.now())
        except ProductError as refusal:
            raise CommandError(f"{refusal.message} {refusal.hint}") from None
        except DeckError as error:
            raise CommandError("\n".join(error.problems[:SHOWN_LINES])) from None
        if options["output"]:
            options["output"].write_text(text)
            self.stdout.write(f"{len(deck.rows)} rates written to {options['output']}")
            return
        name = f"Twilio's prices and {options['margin']} %"
        self.offer(deck, name=name, options=options)

    def prices(self, countries: list[str] | None) -> Iterator[tuple[str, ProviderPrice]]:
        known = country_names()
        for country in countries or gateway.priced_countries():
            if country not in known:
                self.stderr.write(f"left out: {country}, a country that we do not know")
                continue
            for price in gateway.voice_prices(country):
                yield country, price
