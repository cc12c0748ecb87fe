"""Rate decks: files, and what they make of a number."""

from collections.abc import Callable

from telephony.rates.deck import find_rate

Import = Callable[..., str]
HEADER = (
    "prefix,description,country,kind,price_per_minute,first_seconds,next_seconds,effective_from\n"
)
DECK = HEADER + (
    "44,United Kingdom,GB,fixed,0.012,60,60,\n"
    "447,United Kingdom mobile,GB,mobile,0.03,30,6,\n"
    "1,United States,US,fixed,0.01,1,1,\n"
    "49,Germany,DE,fixed,0.02,60,60,\n"
    "4915,Germany mobile,DE,mobile,0.25,1,1,\n"
    "960,Maldives,MV,fixed,1.90,60,60,\n"
    "870,Inmarsat,001,satellite,9.00,60,60,\n"
)
GOOD = "44,United Kingdom,GB,fixed,0.012,60,60,\n"


def price_of(number: str) -> int:
    rate = find_rate(number)
    assert rate is not None
    return rate.price.micros_per_minute
