"""moby rates: what a minute costs."""

from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Rate, Rates
from moby.cli.command import Command
from moby.errors import ExitCode, MobyError
from moby.text import clean, dollars

LONGEST_CALLING_CODE_DIGITS = 3  # more are a number
_NO_TOKEN = {"bad_token", "keyring_unavailable"}


class RatesCommand(Command):
    name = "rates"
    description = "Show what a minute costs in a country, or to a number"
    arguments = [
        argument("place", "A country (GB, Ghana) or a number (+442079460018).", multiple=True)
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
    ]

    def handle(self) -> int:
        rates = self._find(self.word("place"))
        if self.console.json:
            return self.answer(rates)
        self.console.write(
            f"{clean(rates['country_name'])} ({clean(rates['country'])}), US dollars"
        )
        phone, available = rates["your_phone"], rates["available"]
        headings = ["Destination", "Per minute", "Charged in", "Prefixes"]
        rows = [_row(rate) for rate in rates["rates"]]
        if phone and available:
            headings.insert(-1, f"{dollars(available)} buys")
            for row, rate in zip(rows, rates["rates"], strict=True):
                seconds = rate["buys_seconds"]
                row.insert(-1, "" if seconds is None else f"{seconds // 60} min")
        self.console.table(headings, rows, right="Per minute")
        if phone:
            price = dollars(phone["price_per_minute"])
            self.console.write(f"Your phone {clean(phone['e164'])} costs {price} a minute more.")
        return 0

    def _find(self, place: str) -> Rates:
        path, query = f"rates/{quote(place, safe='')}", {}
        if sum(c.isdigit() for c in place) > LONGEST_CALLING_CODE_DIGITS:
            path, query = "rates", {"number": place, "country": self.text("country")}
        if self.session.credentials.sources():
            try:
                return self.api.get(path, Rates, query)
            except MobyError as error:
                # Prices are public, so a token that is expired or revoked does not matter.
                if error.exit_code != ExitCode.NOT_SIGNED_IN and error.code not in _NO_TOKEN:
                    raise
        return self.api.get(path, Rates, query, public=True)


def _row(rate: Rate) -> list[str]:
    first, following = rate["first_seconds"], rate["next_seconds"]
    steps = f"{first} s" if first == following else f"{first} s, then {following} s"
    prefixes = rate["prefixes"]
    shown = ", ".join(f"+{p.lstrip('+')}" for p in prefixes[:3])
    more = f" and {len(prefixes) - 3} more" if len(prefixes) > 3 else ""
    return [rate["description"], dollars(rate["price_per_minute"]), steps, shown + more]
