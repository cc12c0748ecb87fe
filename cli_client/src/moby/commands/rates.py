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
        columns = _columns(rates)
        headings = [heading for heading, _ in columns]
        rows = list(zip(*(cells for _, cells in columns), strict=True))
        self.console.table(headings, rows, right=f"{headings[1]}|Computer")
        origin, phone = rates.get("from"), rates["your_phone"]
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
        """Return the prices of a country, or of a number: a place with more digits than a code.

        Both kinds of place have an address of their own, and `--from` holds for both.
        """
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


def _columns(rates: Rates) -> list[tuple[str, list[str]]]:
    """Return the headings of the table, each with its cells.

    A server that is older than this moby has no whole prices.
    """
    origin, available, listed = rates.get("from"), rates["available"], rates["rates"]
    totals = [rate.get("total_per_minute") if origin else None for rate in listed]
    prices = [
        total["callback"] if total else rate["price_per_minute"]
        for rate, total in zip(listed, totals, strict=True)
    ]
    by_computer = [total["computer"] if total else None for total in totals]
    shown = [dollars(price) if price else "no calls" for price in prices]
    columns = [("Destination", [rate["description"] for rate in listed])]
    if any(by_computer):  # narrow headings: the table has to fit 80 columns
        shown_computer = [dollars(price) if price else "" for price in by_computer]
        columns += [("By phone", shown), ("Computer", shown_computer)]
    else:
        columns.append(("A minute in all" if origin else "Per minute", shown))
    columns.append(("Charged in", [_steps(rate) for rate in listed]))
    if origin and available:
        bought = [rate["buys_seconds"] for rate in listed]
        minutes = ["" if seconds is None else f"{seconds // 60} min" for seconds in bought]
        columns.append((f"{dollars(available)} buys", minutes))
    columns.append(("Prefixes", [_prefixes(rate["prefixes"]) for rate in listed]))
    return columns


def _steps(rate: Rate) -> str:
    first, following = rate["first_seconds"], rate["next_seconds"]
    return f"{first} s" if first == following else f"{first} s, then {following} s"


def _prefixes(prefixes: list[str]) -> str:
    shown = ", ".join(f"+{p.lstrip('+')}" for p in prefixes[:3])
    return shown + (f" and {len(prefixes) - 3} more" if len(prefixes) > 3 else "")


def _basis(origin: Origin, phone: OwnPhone | None) -> str:
    """Return the line that says from which phone the whole prices are."""
    whose = (
        f"your phone {clean(phone['e164'])}"
        if phone
        else f"a mobile ({clean(origin['country_name'])})"
    )
    return f"In all: from {whose}, whose side is {dollars(origin['price_per_minute'])} of it."
