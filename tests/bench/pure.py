"""Work without a server: a rate by longest prefix, and a number as a person writes it."""

import random
import time

import phonenumbers

from telephony.numbers import read_number
from telephony.pricing import Price
from telephony.rates.deck import DeckIndex, RateRow
from tests.bench.figures import Figures

ROWS = 20_000
LOOK_UPS = 200_000
COUNTRIES = ("GB", "US", "DE", "FR", "BR", "IN")


def measure(figures: Figures) -> None:
    figures.add("rate_lookup_us", _rate_lookup_us(), f"a deck of {ROWS} rows")
    figures.add("number_checks_per_second", _checks_per_second(), "national, of six countries")


def _rate_lookup_us() -> float:
    """Microseconds a look-up, over a deck of prefixes of one to nine digits."""
    draw = random.Random(1)
    digits = {str(draw.randrange(10 ** (length - 1), 10**length)) for length in range(1, 9)}
    while len(digits) < ROWS:
        digits.add(str(draw.randrange(10**5, 10**9)))
    rows = [RateRow(one, "", "", "", Price(10_000, 60, 60)) for one in digits]
    deck = DeckIndex(1, rows, None)
    asked = [f"+{draw.randrange(10**10, 10**12)}" for _ in range(LOOK_UPS)]
    started = time.perf_counter()
    for e164 in asked:
        deck.find(e164, shown_e164="")
    return (time.perf_counter() - started) / LOOK_UPS * 1e6


def _checks_per_second() -> float:
    pairs = [(_example(country), country) for country in COUNTRIES]
    _read(pairs)  # loads the metadata of each country
    rounds = 300
    started = time.perf_counter()
    for _ in range(rounds):
        _read(pairs)
    return rounds * len(pairs) / (time.perf_counter() - started)


def _read(pairs: list[tuple[str, str]]) -> None:
    for text, country in pairs:
        read_number(text, stated_country=country, default_country=None)


def _example(country: str) -> str:
    example = phonenumbers.example_number(country)
    if example is None:
        raise ValueError(country)
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
