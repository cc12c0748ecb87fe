"""A retail deck made from Twilio's prices by country, with a margin on each."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from telephony.models import Rate
from telephony.numbers import country_name
from telephony.rates.deck import CLIENT_PREFIX
from telephony.rates.files import COLUMNS, NO_COUNTRY, SHOWN_PREFIXES, kind_in_words
from telephony.twilio.gateway import ProviderPrice

# Twilio's price of a client's leg, which its Pricing API does not have
# (https://www.twilio.com/en-us/voice/pricing/us, Browser and app calling).
CLIENT_MICROS_PER_MINUTE = 4_000


@dataclass(frozen=True, slots=True)
class Margin:
    """A percentage on top of a wholesale price, with a minimum, rounded up to a step.

    Twilio bills every started minute of each leg, so 60/60 is what loses nothing.
    """

    percent: int
    minimum_micros: int
    first_seconds: int
    next_seconds: int
    step_micros: int = 100

    def retail_micros(self, wholesale_micros: int) -> int:
        price_micros = max(-(-wholesale_micros * (100 + self.percent) // 100), self.minimum_micros)
        return -(-price_micros // self.step_micros) * self.step_micros


def deck_from_prices(prices: Iterable[tuple[str, ProviderPrice]], *, margin: Margin) -> str:
    """Return the deck as CSV. `prices` are pairs of a country and one of its prices.

    Of two prices for the same numbers, called and shown, the higher one counts.
    """
    rows: dict[tuple[str, str], list[object]] = {}
    priced: dict[str, set[str]] = defaultdict(set)
    for country, price in sorted(prices, key=lambda pair: -pair[1].micros_per_minute):
        # The name of Twilio's product, which ends with "Minute - ", stands before the description.
        words = price.description.split("Minute - ")[-1].strip()
        description = words if words and words != country else country_name(country)
        kind = kind_in_words(price.description) or Rate.Kind.FIXED.value
        retail = margin.retail_micros(price.micros_per_minute)
        for prefix in price.prefixes:
            unpriced = ({*price.shown_prefixes} or {""}) - priced[prefix]
            if not unpriced:
                continue
            priced[prefix] |= unpriced
            shown = " ".join(sorted(unpriced))
            rows[prefix, shown] = [
                prefix, description[:100], country, kind, f"{retail / 1_000_000:.6f}",
                margin.first_seconds, margin.next_seconds, "", shown,
            ]  # fmt: skip
    retail = margin.retail_micros(CLIENT_MICROS_PER_MINUTE)
    rows[CLIENT_PREFIX, ""] = [
        CLIENT_PREFIX, "Through the computer", NO_COUNTRY, Rate.Kind.INTERNET.value,
        f"{retail / 1_000_000:.6f}", margin.first_seconds, margin.next_seconds, "", "",
    ]  # fmt: skip
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*COLUMNS, SHOWN_PREFIXES])
    writer.writerows(rows[key] for key in sorted(rows))
    return written.getvalue()
