"""Probable slips in a deck whose lines can all be read."""

from collections.abc import Iterable
from statistics import median

from mobayilo.lib.money import format_micros
from telephony.numbers import country_name
from telephony.rates.files import DeckRow
from telephony.rates.plan import may_be_of, numbering_plan

# Cents taken for dollars make a price a hundred times what is usual. Retail prices differ by less
# than the first factor, those of a whole deck in the middle by less than the second.
UNUSUAL_FACTOR = 30
UNUSUAL_DECK_FACTOR = 10


def doubts_of(rows: Iterable[DeckRow]) -> list[str]:
    """Return a sentence for each price, or country of a prefix, that is probably a slip."""
    plan = numbering_plan()
    doubts = []
    factors = []
    for row in rows:
        named = f"+{row.prefix} {row.description} at ${format_micros(row.micros_per_minute)}"
        if row.micros_per_minute == 0:
            doubts.append(f"{named}: a price of nothing")
        covering = plan.find(row.prefix)
        if covering is None:
            doubts.append(f"{named}: no country has this prefix")
            continue
        if row.country != covering.country and not may_be_of(row.country, row.prefix):
            doubts.append(
                f"{named}: the prefix is of {country_name(covering.country)}, "
                f"not of {country_name(row.country)}"
            )
        factor = row.micros_per_minute / covering.usual_micros
        factors.append(factor)
        if factor > UNUSUAL_FACTOR:
            usual = format_micros(covering.usual_micros)
            doubts.append(f"{named}: looks like cents, where about ${usual} is usual")
    if factors and median(factors) > UNUSUAL_DECK_FACTOR:
        doubts.insert(0, "the prices of the whole deck look like cents and not like dollars")
    return doubts
