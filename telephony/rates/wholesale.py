"""A retail deck from what Twilio charges us: its prices by country, a margin on each."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from telephony.models import Rate
from telephony.numbers import country_name
from telephony.rates.files import COLUMNS
from telephony.twilio.gateway import ProviderPrice

# Words of Twilio's descriptions, the telling ones first.
_KINDS = (
    ("premium", Rate.Kind.PREMIUM),
    ("special", Rate.Kind.PREMIUM),
    ("shared cost", Rate.Kind.SHARED_COST),
    ("toll free", Rate.Kind.TOLL_FREE),
    ("toll-free", Rate.Kind.TOLL_FREE),
    ("satellite", Rate.Kind.SATELLITE),
    ("pager", Rate.Kind.PAGER),
    ("personal", Rate.Kind.PERSONAL),
    ("voip", Rate.Kind.VOIP),
    ("mobile", Rate.Kind.MOBILE),
    ("cellular", Rate.Kind.MOBILE),
)


@dataclass(frozen=True, slots=True)
class Margin:
    """How a retail price is made: a percentage on top, never below a minimum, rounded up.

    Twilio bills every started minute of each leg, so 60/60 is what loses nothing.
    """

    percent: int
    minimum_micros: int
    first_seconds: int
    next_seconds: int
    step_micros: int = 100

    def retail_micros(self, wholesale_micros: int) -> int:
        asked = max(-(-wholesale_micros * (100 + self.percent) // 100), self.minimum_micros)
        return -(-asked // self.step_micros) * self.step_micros


def deck_from_prices(
    prices: Iterable[tuple[str, ProviderPrice]], *, margin: Margin, effective_from: str = ""
) -> str:
    """The deck as CSV. `prices` are pairs of a country and one of its prices.

    Twilio asks more for some callers' numbers: the dearest price of a prefix counts.
    """
    rows: dict[str, list[object]] = {}
    dearest: dict[str, int] = {}
    for country, price in prices:
        for prefix in price.prefixes:
            if price.micros_per_minute <= dearest.get(prefix, -1):
                continue
            dearest[prefix] = price.micros_per_minute
            retail = margin.retail_micros(price.micros_per_minute)
            rows[prefix] = [
                prefix, _description(country, price), country, _kind(price.description),
                f"{retail / 1_000_000:.6f}", margin.first_seconds, margin.next_seconds,
                effective_from,
            ]  # fmt: skip
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows[prefix] for prefix in sorted(rows))
    return written.getvalue()


def _kind(description: str) -> str:
    words = description.lower()
    return next((kind.value for word, kind in _KINDS if word in words), Rate.Kind.FIXED.value)


def _description(country: str, price: ProviderPrice) -> str:
    """Twilio's words without its product's name in front of them."""
    words = price.description.split("Minute - ")[-1].strip()
    return (words if words and words != country else country_name(country))[:100]
