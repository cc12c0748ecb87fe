"""The public price list: every country with its cheapest prices, one country, or one number."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberFormat

from mobayilo.lib.errors import ProductError
from telephony.models import Rate
from telephony.numbers import country_code, country_name, read_number
from telephony.pricing import Price
from telephony.rates.deck import DeckIndex, RateRow, current_deck

EXAMPLES = ("BR", "DE", "GB", "IN", "MX", "NG", "PH", "US")
# The customers' words for a kind, where the trade's word says little.
KINDS = {
    Rate.Kind.FIXED: _("Landline"),
    Rate.Kind.TOLL_FREE: _("Freephone"),
    Rate.Kind.VOIP: _("Internet telephony"),
    Rate.Kind.UAN: _("Company number"),
}
# A text with more digits than a calling code is a number.
_LOOKS_LIKE_A_NUMBER = re.compile(r"(\d[^\d]*){4}")


@dataclass(frozen=True, slots=True)
class Line:
    """The price of a minute to the numbers that begin with one of these prefixes."""

    description: str
    kind: str
    price: Price
    prefixes: tuple[str, ...]

    @property
    def kind_label(self) -> str:
        return str(KINDS.get(Rate.Kind(self.kind)) or Rate.Kind(self.kind).label)


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search. `e164` is set if a number was searched for."""

    iso: str
    country: str
    lines: list[Line]
    e164: str = ""


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country's lowest price to landlines and to mobiles; None where it has no such prefix."""

    iso: str
    name: str
    fixed_micros: int | None
    mobile_micros: int | None


def search(text: str, *, default_country: str | None) -> Found:
    """Return the prices for a country, by its name or code, or for a number.

    Raise the refusals of `country_code` and `read_number`.
    """
    deck = current_deck()
    if not _LOOKS_LIKE_A_NUMBER.search(text):
        iso = country_code(text)
        return Found(iso, country_name(iso), _lines(deck.of_country(iso)))
    number = read_number(text, stated_country=None, default_country=default_country)
    rate = deck.find(number.e164)
    lines = _lines([rate] if rate else [])
    return Found(number.country, country_name(number.country), lines, number.e164)


def countries() -> list[CountryRow]:
    """Return every country of the deck in force, by name, without networks of no country."""
    fixed: dict[str, int] = {}
    mobile: dict[str, int] = {}
    deck = current_deck()
    for row in deck.rows.values():
        lowest = {Rate.Kind.FIXED: fixed, Rate.Kind.MOBILE: mobile}.get(Rate.Kind(row.kind))
        if lowest is not None:
            micros = row.price.micros_per_minute
            lowest[row.country] = min(lowest.get(row.country, micros), micros)
    rows = [
        CountryRow(
            iso, country_name(iso), fixed.get(iso), mobile.get(iso) or _mobile_micros(deck, iso)
        )
        for iso in fixed.keys() | mobile.keys()
        if iso.isalpha()
    ]
    return sorted(rows, key=lambda row: row.name)


def _mobile_micros(deck: DeckIndex, iso: str) -> int | None:
    """Return the price of an example mobile, for countries whose mobiles have no own prefix."""
    example = phonenumbers.example_number_for_type(iso, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return None
    rate = deck.find(phonenumbers.format_number(example, PhoneNumberFormat.E164))
    return rate.price.micros_per_minute if rate else None


def examples() -> list[CountryRow]:
    """Return the countries of the landing page; none on an installation without prices."""
    try:
        return [row for row in countries() if row.iso in EXAMPLES]
    except ProductError:
        return []


def _lines(rows: Iterable[RateRow]) -> list[Line]:
    """Join rows of one description, kind and price into one line, the cheapest first."""
    prefixes: dict[tuple[str, str, Price], list[str]] = defaultdict(list)
    for row in rows:
        prefixes[row.description, row.kind, row.price].append(row.prefix)
    lines = [
        Line(description, kind, price, tuple(sorted(found)))
        for (description, kind, price), found in prefixes.items()
    ]
    return sorted(lines, key=lambda line: (line.price.micros_per_minute, line.description))
