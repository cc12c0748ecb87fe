"""The numbering plans of the world, for a price list: country, kind and usual price of a prefix.

The sample deck has a row for every calling code and for every range of another country or kind.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import phonenumbers

from mobayilo.lib.money import dollars_to_micros
from telephony.rates.deck import PrefixTable

SAMPLE = Path(__file__).parents[1] / "decks" / "sample.csv"
NO_COUNTRY = "001"  # numbers of no country, as libphonenumber writes them

# Countries that share a calling code differ by the first digits in North America and in
# Russia and Kazakhstan. Elsewhere (Morocco and Western Sahara) their ranges lie among each other.
_CODES_DIVIDED_BY_PREFIX = {"1", "7"}


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers of one country and kind."""

    prefix: str
    country: str
    kind: str
    usual_micros: int


@cache
def numbering_plan() -> PrefixTable[Range]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return PrefixTable(
            Range(
                row["prefix"],
                row["country"],
                row["kind"],
                dollars_to_micros(Decimal(row["price_per_minute"])),
            )
            for row in csv.DictReader(line for line in file if not line.startswith("#"))
        )


def may_be_of(country: str, prefix: str) -> bool:
    """Return whether a country has numbers that begin with a prefix, or may have."""
    code = str(phonenumbers.country_code_for_region(country))
    if prefix.startswith(code) and code not in _CODES_DIVIDED_BY_PREFIX:
        return True
    rows = numbering_plan().rows.values()
    return any(row.country == country for row in rows if row.prefix.startswith(prefix))
