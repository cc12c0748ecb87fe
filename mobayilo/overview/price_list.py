"""The public price list: every country with its cheapest prices, one country, or one number."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from mobayilo.lib.money import MICROS_PER_DOLLAR
from telephony.calls.quote import Origin, number_shown, rate_from, rates_from
from telephony.models import Rate
from telephony.numbers import country_code, country_name, country_names, read_number
from telephony.pricing import Price
from telephony.rates.deck import DeckIndex, RateRow

EXAMPLES = ("BR", "DE", "GB", "IN", "MX", "NG", "PH", "US")
EXAMPLE_MICROS = 10 * MICROS_PER_DOLLAR
# The customers' words for a kind, where the trade's word says little.
KINDS = {
    Rate.Kind.FIXED: _("Landline"),
    Rate.Kind.TOLL_FREE: _("Freephone"),
    Rate.Kind.VOIP: _("Internet telephony"),
    Rate.Kind.UAN: _("Company number"),
    Rate.Kind.INTERNET: _("Computer"),
}
# A text with more digits than a calling code is a number.
_LOOKS_LIKE_A_NUMBER = re.compile(r"(\d[^\d]*){4}")


@dataclass(frozen=True, slots=True)
class Line:
    """The prices of a minute to the numbers that begin with one of these prefixes.

    `total_micros` is the price of both legs, None for numbers that cannot be called.
    """

    description: str
    kind: str
    price: Price
    total_micros: int | None
    prefixes: tuple[str, ...]

    @property
    def kind_label(self) -> str:
        return str(KINDS.get(Rate.Kind(self.kind)) or Rate.Kind(self.kind).label)

    @property
    def minutes(self) -> int | None:
        return minutes_for_example(self.total_micros)


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search. `e164` is set if a number was searched for."""

    iso: str
    country: str
    lines: list[Line]
    e164: str = ""


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country's lowest whole prices to landlines and mobiles, None without such a prefix."""

    iso: str
    name: str
    fixed_micros: int | None
    mobile_micros: int | None
    is_closed: bool  # the carrier does not call it

    @property
    def minutes(self) -> int | None:
        """Return the minutes that the example amount buys to a mobile, or else to a landline."""
        return minutes_for_example(self.mobile_micros or self.fixed_micros)


def minutes_for_example(micros_per_minute: int | None) -> int | None:
    """Return the whole minutes that $10 buys, None if no minute has a price."""
    return EXAMPLE_MICROS // micros_per_minute if micros_per_minute else None


def search(
    text: str, *, deck: DeckIndex, origin: Origin | None, default_country: str | None
) -> Found:
    """Return the prices for a country, by its name or code, or for a number.

    Raise the refusals of `country_code` and `read_number`.
    """
    if not _LOOKS_LIKE_A_NUMBER.search(text):
        iso = country_code(text)
        lines = _lines(rates_from(origin, deck, [iso]), origin)
        return Found(iso, country_name(iso), lines)
    number = read_number(text, stated_country=None, default_country=default_country)
    rate = rate_from(origin, deck, number)
    lines = _lines([rate] if rate else [], origin)
    return Found(number.country, country_name(number.country), lines, number.e164)


def countries(
    deck: DeckIndex, origin: Origin | None, isos: Collection[str] | None = None
) -> list[CountryRow]:
    """Return every country of a deck, or those named, by name, without networks of no country."""
    own_micros = origin.price.micros_per_minute if origin else 0
    lowest: dict[tuple[str, str], int] = {}
    for row in rates_from(origin, deck, isos):
        micros = own_micros + row.price.micros_per_minute
        place = (row.country, row.kind)
        lowest[place] = min(lowest.get(place, micros), micros)
    usual = (Rate.Kind.FIXED, Rate.Kind.MOBILE)
    rows = []
    for iso in {iso for iso, kind in lowest if kind in usual and iso.isalpha()}:
        fixed, mobile = (lowest.get((iso, kind)) for kind in usual)
        if not mobile:  # a country whose mobiles have no prefix of their own: take an example
            example = phonenumbers.example_number_for_type(iso, PhoneNumberType.MOBILE)
            e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164) if example else ""
            rate = deck.find(e164, shown_e164=number_shown(origin, iso)) if e164 else None
            mobile = own_micros + rate.price.micros_per_minute if rate else None
        rows.append(CountryRow(iso, country_name(iso), fixed, mobile, iso in deck.closed_countries))
    by_name = {iso: number for number, iso in enumerate(country_names())}
    return sorted(rows, key=lambda row: by_name.get(row.iso, len(by_name)))


def examples(
    deck: DeckIndex, origin: Origin | None, isos: Collection[str] = EXAMPLES
) -> list[CountryRow]:
    """Return the countries of the landing page, or those named, without closed ones."""
    return [row for row in countries(deck, origin, isos) if not row.is_closed]


def _lines(rows: Iterable[RateRow], origin: Origin | None) -> list[Line]:
    """Join rows of one description, kind and price into one line, the cheapest first."""
    rows_by_terms: dict[tuple[str, str, Price], list[RateRow]] = defaultdict(list)
    for row in rows:
        rows_by_terms[row.description, row.kind, row.price].append(row)
    lines = [
        Line(
            description,
            kind,
            price,
            origin.micros_per_minute(same_rows[0]) if origin else None,
            tuple(sorted(row.prefix for row in same_rows)),
        )
        for (description, kind, price), same_rows in rows_by_terms.items()
    ]
    return sorted(lines, key=lambda line: (line.price.micros_per_minute, line.description))
