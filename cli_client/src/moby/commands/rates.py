from decimal import Decimal
from urllib.parse import quote

from cleo.helpers import argument

from moby.answers import Balance, Rate, Rates
from moby.command import Command
from moby.errors import MobyError
from moby.money import dollars
from moby.text import clean


class RatesCommand(Command):
    name = "rates"
    description = "Show what a minute costs in a country, or to a number"
    arguments = [
        argument("place", "A country (GB, Ghana) or a number (+442079460018).", multiple=True)
    ]

    def handle(self) -> int:
        place = " ".join(self.argument("place")).strip()
        rates = self._find(place)
        if self.console.json:
            self.console.document(rates)
            return 0
        available = self._available()
        self.console.write(
            f"{clean(rates['country_name'])} ({clean(rates['country'])}), US dollars"
        )
        headings = ["Destination", "Per minute", "Charged in", "Prefixes"]
        rows = [[*_row(rate)] for rate in rates["rates"]]
        if available is not None:
            headings.append(f"{dollars(available)} buys")
            for row, rate in zip(rows, rates["rates"], strict=True):
                row.append(_minutes(available, rate["price_per_minute"]))
        self.console.table(headings, rows, right="Per minute")
        return 0

    def _available(self) -> str | None:
        """What is on the account, where somebody is signed in; the prices are for everybody."""
        if not self.session.credentials.sources():
            return None
        try:
            return f"{Decimal(self.api.get('balance', Balance)['available_cents']) / 100:.2f}"
        except MobyError:
            return None

    def _find(self, place: str) -> Rates:
        if any(c.isdigit() for c in place):
            return self.api.get("rates", Rates, {"number": place}, public=True)
        return self.api.get(f"rates/{quote(place, safe='')}", Rates, public=True)


def _row(rate: Rate) -> tuple[str, str, str, str]:
    first, following = rate["first_seconds"], rate["next_seconds"]
    steps = f"{first} s" if first == following else f"{first} s, then {following} s"
    prefixes = rate["prefixes"]
    shown = ", ".join(f"+{p.lstrip('+')}" for p in prefixes[:3])
    more = f" and {len(prefixes) - 3} more" if len(prefixes) > 3 else ""
    return rate["description"], dollars(rate["price_per_minute"]), steps, shown + more


def _minutes(available: str, price_per_minute: str) -> str:
    """Without the customer's own leg, which each quote adds."""
    price = Decimal(price_per_minute)
    return f"{int(Decimal(available) / price)} min" if price > 0 else ""
