"""moby rates: what a minute costs."""

from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Origin, OwnPhone, Rate, Rates
from moby.cli.command import Command
from moby.errors import ExitCode, MobyError
from moby.text import clean, dollars

LONGEST_CALLING_CODE_DIGITS = 3  # more are a number
_NO_TOKEN = {"bad_token", "keyring_unavailable"}


class RatesCommand(Command):
    name = "rates"
    description = "Show what a minute costs in a country, or to a number"
    arguments = [
        argument(
            "place",
            "A country (GB, Ghana) or a number (+442079460018).",
            optional=True,
            multiple=True,
        )
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        option("from", None, "The country of the phone you call from, such as US.", flag=False),
    ]

    def handle(self) -> int:
        rates = self._find(self.word("place", "Which country or number"))
        if self.console.json:
            return self.answer(rates)
        self.console.write(
            f"{clean(rates['country_name'])} ({clean(rates['country'])}), US dollars"
        )
        origin, phone, available = rates.get("from"), rates["your_phone"], rates["available"]
        # A server that is older than this moby has no whole prices.
        headings = ["Destination", "A minute in all" if origin else "Per minute", "Charged in"]
        rows = [_row(rate, is_whole=bool(origin)) for rate in rates["rates"]]
        if origin and available:
            headings.append(f"{dollars(available)} buys")
            for row, rate in zip(rows, rates["rates"], strict=True):
                seconds = rate["buys_seconds"]
                row.insert(-1, "" if seconds is None else f"{seconds // 60} min")
        headings.append("Prefixes")
        by_computer = [
            rate["total_per_minute"]["computer"] if "total_per_minute" in rate else None
            for rate in rates["rates"]
        ]
        if origin and any(by_computer):
            headings[1:2] = ["By phone", "Computer"]  # narrow: the table has to fit 80 columns
            for row, price in zip(rows, by_computer, strict=True):
                row.insert(2, dollars(price) if price else "")
        self.console.table(headings, rows, right=f"{headings[1]}|Computer")
        if origin:
            self.console.write(_basis(origin, phone))
        elif phone:
            price = dollars(phone["price_per_minute"])
            self.console.write(f"Your phone {clean(phone['e164'])} costs {price} a minute more.")
        else:
            self.console.write(
                "Their side alone. For the whole price, name the country of your phone: --from US"
            )
        return 0

    def _find(self, place: str) -> Rates:
        path, query = f"rates/{quote(place, safe='')}", {"from": self.text("from")}
        if sum(c.isdigit() for c in place) > LONGEST_CALLING_CODE_DIGITS:
            path, query = "rates", {"number": place, "country": self.text("country"), **query}
        try:
            return self.api.get(path, Rates, query)
        except MobyError as error:
            # Prices are public, so a token that is missing, expired or revoked does not matter.
            if error.exit_code != ExitCode.NOT_SIGNED_IN and error.code not in _NO_TOKEN:
                raise
        return self.api.get(path, Rates, query, public=True)


def _row(rate: Rate, *, is_whole: bool) -> list[str]:
    first, following = rate["first_seconds"], rate["next_seconds"]
    steps = f"{first} s" if first == following else f"{first} s, then {following} s"
    prefixes = rate["prefixes"]
    shown = ", ".join(f"+{p.lstrip('+')}" for p in prefixes[:3])
    more = f" and {len(prefixes) - 3} more" if len(prefixes) > 3 else ""
    price: str | None = rate["price_per_minute"]
    if is_whole and "total_per_minute" in rate:
        price = rate["total_per_minute"]["callback"]
    return [rate["description"], dollars(price) if price else "no calls", steps, shown + more]


def _basis(origin: Origin, phone: OwnPhone | None) -> str:
    """Return the line that says from which phone the whole prices are."""
    whose = (
        f"your phone {clean(phone['e164'])}"
        if phone
        else f"a mobile ({clean(origin['country_name'])})"
    )
    return f"In all: from {whose}, whose side is {dollars(origin['price_per_minute'])} of it."
