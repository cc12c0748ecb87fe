"""Made-up wholesale prices, in the shape of Twilio's. No carrier has this price list."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

# The leg of a client, wherever it is (https://www.twilio.com/en-us/voice/pricing/us).
CLIENT_PER_MINUTE = Decimal("0.004")
LIST = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, kw_only=True)
class Price:
    friendly_name: str
    # Prefixes of the number shown, without plus; or ALL, or ROW beside prices that name some
    # (https://www.twilio.com/docs/voice/pricing).
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    per_minute: Decimal

    def origin_length(self, origin: str) -> int | None:
        """Return the length of the prefix that names the caller; None if there is none."""
        if self.origins in (("ALL",), ("ROW",)):
            return 0
        return max((len(p) for p in self.origins if origin.startswith(p)), default=None)


@dataclass(frozen=True, kw_only=True)
class Country:
    iso_code: str
    name: str
    prices: tuple[Price, ...]


class PriceList:
    def __init__(self) -> None:
        self.reset()
        content = json.loads(LIST.read_text())
        self.countries = {
            iso: Country(
                iso_code=iso,
                name=entry["name"],
                prices=tuple(
                    Price(
                        friendly_name=price["name"],
                        origins=tuple(price.get("origins", ["ALL"])),
                        destinations=tuple(price["prefixes"]),
                        per_minute=Decimal(price["price"]),
                    )
                    for price in entry["prices"]
                ),
            )
            for iso, entry in content.items()
        }
        self._by_prefix: dict[str, list[tuple[Country, Price]]] = {}
        for country in self.countries.values():
            for price in country.prices:
                for prefix in price.destinations:
                    self._by_prefix.setdefault(prefix, []).append((country, price))

    def reset(self) -> None:
        self.currency = "USD"  # of the account, and so of all its prices

    def find(self, number: str) -> list[tuple[Country, Price]]:
        """Return the prices of the longest prefix of an E.164 number, one for each origin."""
        digits = number.lstrip("+")
        for length in range(len(digits), 0, -1):
            if found := self._by_prefix.get(digits[:length]):
                return found
        return []

    def per_minute(self, number: str, *, origin: str) -> Decimal:
        """Return the price of a minute; zero if the list has no such destination."""
        digits = origin.lstrip("+")
        fitting = [
            (length, price.per_minute)
            for _, price in self.find(number)
            if (length := price.origin_length(digits)) is not None
        ]
        return max(fitting)[1] if fitting else Decimal(0)
