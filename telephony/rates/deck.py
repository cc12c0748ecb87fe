"""What a minute costs: the deck in force, kept in memory, by longest prefix."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.models import Rate, RateDeck
from telephony.pricing import Price
from telephony.rates.prefixes import PrefixTable


@dataclass(frozen=True, slots=True)
class RateRow:
    """One prefix of the deck."""

    prefix: str
    description: str
    country: str
    kind: str
    price: Price


class DeckIndex:
    """A deck as it stands at one moment."""

    def __init__(
        self,
        deck_id: int,
        rows: Iterable[RateRow],
        current_until: datetime | None,
        stored_at: datetime | None = None,
    ) -> None:
        self._table = PrefixTable(rows)
        self.deck_id = deck_id
        # SQLite gives the id of an import that was rolled back to the next one: time tells them.
        self.stored_at = stored_at
        self.current_until = current_until

    @property
    def rows(self) -> dict[str, RateRow]:
        return self._table.rows

    def find(self, e164: str) -> RateRow | None:
        """The rate of the longest prefix that a number begins with."""
        return self._table.find(e164[1:])

    def of_country(self, country: str) -> list[RateRow]:
        """A country's rates, in the order of the deck's kinds and prices."""
        return [row for row in self.rows.values() if row.country == country]


def usable_decks() -> QuerySet[RateDeck]:
    """The decks that are or will be in force: none withdrawn, and in public none that is a sample.

    A database that was tried out on a laptop may come to a public address with its sample deck.
    """
    decks = RateDeck.objects.filter(withdrawn_at=None)
    return decks if settings.IS_LOCAL else decks.filter(is_sample=False)


# A cache of one entry; assigning it is atomic.
_loaded: DeckIndex | None = None


def current_deck() -> DeckIndex:
    """The deck in force: one small query tells whether the one in memory still is.

    Raises `no_rate` while no deck has been imported.
    """
    global _loaded
    now = timezone.now()
    in_force = usable_decks().filter(effective_from__lte=now)
    newest = in_force.order_by("-effective_from", "-id").values_list("id", "created_at").first()
    if newest is None:
        raise ProductError("no_rate", "No prices have been set yet.")
    index = _loaded
    if index is None or (index.deck_id, index.stored_at) != newest or _is_out_of_date(index, now):
        index = _loaded = _load(*newest, now)
    return index


def _is_out_of_date(index: DeckIndex, now: datetime) -> bool:
    return index.current_until is not None and index.current_until <= now


def _load(deck_id: int, stored_at: datetime, now: datetime) -> DeckIndex:
    """Rows in force; where a prefix has several, the newest of them. Later ones end the index."""
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
    """The rate of a number now; None if it has none."""
    return current_deck().find(e164)
