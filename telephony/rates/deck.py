"""The price of a minute: the deck in force, kept in memory, searched by longest prefix."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from django.conf import settings
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.models import Rate, RateDeck
from telephony.pricing import Price
from telephony.twilio.permissions import fresh_permissions

# The prefix of the row that prices a minute of the customer's own leg through the computer. Numbers
# in E.164 begin with 1 to 9, so that no number finds it.
CLIENT_PREFIX = "0"


class HasPrefix(Protocol):
    @property
    def prefix(self) -> str: ...


Row = TypeVar("Row", bound=HasPrefix)


class PrefixTable(Generic[Row]):
    """Rows by prefix, found with a few look-ups. Of rows with one prefix the last counts."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.prefix: row for row in rows}
        self._lengths = sorted({len(prefix) for prefix in self.rows}, reverse=True)

    def find(self, digits: str) -> Row | None:
        """Return the row of the longest prefix that the digits, without a plus, begin with."""
        rows = self.rows
        row = rows.get(digits)
        if row is not None:
            return row
        for length in self._lengths:
            row = rows.get(digits[:length])
            if row is not None:
                return row
        return None


@dataclass(frozen=True, slots=True)
class RateRow:
    """One prefix of the deck."""

    prefix: str
    description: str
    country: str
    kind: str
    price: Price


class DeckIndex:
    """The prices of a deck at one instant."""

    def __init__(
        self,
        deck_id: int,
        rows: Iterable[RateRow],
        current_until: datetime | None,
        stored_at: datetime | None = None,
    ) -> None:
        self._table = PrefixTable(rows)
        self.deck_id = deck_id
        # SQLite reuses the id of an import that was rolled back, so decks are compared by time too.
        self.stored_at = stored_at
        self.current_until = current_until
        # The countries that the carrier does not call for us, as of the last look at this index.
        self.closed_countries: frozenset[str] = frozenset()

    @property
    def rows(self) -> dict[str, RateRow]:
        return self._table.rows

    def find(self, e164: str) -> RateRow | None:
        """Return the rate of the longest prefix that a number begins with."""
        return self._table.find(e164[1:])

    @property
    def client_price(self) -> Price | None:
        """The price of the customer's own leg through the computer, None without such a row."""
        row = self.rows.get(CLIENT_PREFIX)
        return row.price if row else None

    def of_country(self, country: str) -> list[RateRow]:
        """Return the rates of a country, in the order of the deck's kinds and prices."""
        rows = self.rows.values()
        return [row for row in rows if row.country == country and row.prefix != CLIENT_PREFIX]


def usable_decks() -> QuerySet[RateDeck]:
    """Return the decks that were not withdrawn, and in public those that are no sample.

    A database that was tried out on a laptop may come to a public address with its sample deck.
    """
    decks = RateDeck.objects.filter(withdrawn_at=None)
    return decks if settings.IS_LOCAL else decks.filter(is_sample=False)


# A cache of one entry; assigning it is atomic.
_loaded: DeckIndex | None = None


def current_deck() -> DeckIndex:
    """Return the deck in force; one small query finds out whether the one in memory still is.

    That query brings the closed countries of the carrier along.

    Raises `no_rate` while no deck has been imported.
    """
    global _loaded
    now = timezone.now()
    in_force = usable_decks().filter(effective_from__lte=now)
    closed = Subquery(fresh_permissions().values("closed_countries")[:1])
    found = (
        in_force.order_by("-effective_from", "-id").values_list("id", "created_at", closed).first()
    )
    if found is None:
        raise ProductError("no_rate", "No prices have been set yet.")
    newest = (found[0], found[1])
    index = _loaded
    if (
        index is None
        or (index.deck_id, index.stored_at) != newest
        or (index.current_until is not None and index.current_until <= now)
    ):
        index = _loaded = _load(*newest, now)
    index.closed_countries = frozenset((found[2] or "").split())
    return index


def _load(deck_id: int, stored_at: datetime, now: datetime) -> DeckIndex:
    """Read the rows in force, of a prefix the newest. The next row to come ends the index."""
    rates = Rate.objects.filter(deck_id=deck_id)
    rows = [
        RateRow(prefix, description, country, kind, Price(micros, first, following))
        for prefix, description, country, kind, micros, first, following in rates.filter(
            effective_from__lte=now
        )
        .order_by("effective_from")
        .values_list(
            "prefix",
            "description",
            "country",
            "kind",
            "micros_per_minute",
            "first_seconds",
            "next_seconds",
        )
    ]
    upcoming = rates.filter(effective_from__gt=now).order_by("effective_from")
    current_until = upcoming.values_list("effective_from", flat=True).first()
    return DeckIndex(deck_id, rows, current_until, stored_at)


def find_rate(e164: str) -> RateRow | None:
    """Return the rate of a number now, None if the number has no price."""
    return current_deck().find(e164)
