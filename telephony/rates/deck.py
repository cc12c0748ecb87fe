"""The price of a minute: the deck in force, kept in memory, searched by longest prefix."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
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


class HasShownPrefixes(HasPrefix, Protocol):
    @property
    def shown_prefixes(self) -> str: ...


Row = TypeVar("Row", bound=HasPrefix)
Priced = TypeVar("Priced", bound=HasShownPrefixes)


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


class PriceTable(Generic[Priced]):
    """Prices by prefix, of which some hold only if the number shown begins with a prefix too.

    Carriers ask more for calls into some countries if the number shown is not from there
    (https://www.twilio.com/docs/voice/pricing). The longest prefix of the number called that has a
    price for the number shown counts, and of its prices the one that names most of that number,
    or else the one that names none. Of rows alike the last counts.
    """

    def __init__(self, rows: Iterable[Priced]) -> None:
        usual = []
        self._special: dict[str, list[Priced]] = {}
        for row in rows:
            if row.shown_prefixes:
                self._special.setdefault(row.prefix, []).append(row)
            else:
                usual.append(row)
        self._usual = PrefixTable(usual)
        self._lengths = sorted({len(prefix) for prefix in self._special}, reverse=True)

    @property
    def knows_shown_numbers(self) -> bool:
        """Whether a price depends on the number shown."""
        return bool(self._special)

    def depends_on_shown(self, prefix: str) -> bool:
        return prefix in self._special

    @property
    def rows(self) -> Iterator[Priced]:
        yield from self._usual.rows.values()
        for rows in self._special.values():
            yield from rows

    def find(self, digits: str, shown_digits: str) -> Priced | None:
        """Return the row of a number; both numbers are without a plus."""
        usual = self._usual.find(digits)
        for length in self._lengths:
            if usual is not None and length < len(usual.prefix):
                break
            if row := self._special_row(digits[:length], shown_digits):
                return row
        return usual

    def _special_row(self, prefix: str, shown_digits: str) -> Priced | None:
        """Return the row of a prefix that names most of the number shown, None if none names it."""
        best_row, longest_match = None, 1
        for row in self._special.get(prefix, ()):
            matching_prefixes = [
                shown for shown in row.shown_prefixes.split() if shown_digits.startswith(shown)
            ]
            match_length = max(map(len, matching_prefixes), default=0)
            if match_length >= longest_match:
                best_row, longest_match = row, match_length
        return best_row


@dataclass(frozen=True, slots=True)
class RateRow:
    """One prefix of the deck, or its price for the numbers shown that begin with others."""

    prefix: str
    description: str
    country: str
    kind: str
    price: Price
    shown_prefixes: str = ""


class DeckIndex:
    """The prices of a deck at one instant."""

    def __init__(
        self,
        deck_id: int,
        rows: Iterable[RateRow],
        current_until: datetime | None,
        stored_at: datetime | None = None,
    ) -> None:
        self._table = PriceTable(rows)
        self._rows_by_country: dict[str, list[RateRow]] = {}
        for row in self._table.rows:
            self._rows_by_country.setdefault(row.country, []).append(row)
        self.deck_id = deck_id
        # SQLite reuses the id of an import that was rolled back, so decks are compared by time too.
        self.stored_at = stored_at
        self.current_until = current_until
        # The countries that the carrier does not call for us, as of the last look at this index.
        self.closed_countries: frozenset[str] = frozenset()

    @property
    def knows_shown_numbers(self) -> bool:
        return self._table.knows_shown_numbers

    @property
    def countries(self) -> set[str]:
        return set(self._rows_by_country)

    def find(self, e164: str, *, shown_e164: str) -> RateRow | None:
        """Return the rate of the longest prefix that a number begins with.

        Without a number shown, which is an empty text, it is the rate for every other one.
        """
        return self._table.find(e164[1:], shown_e164[1:])

    @property
    def client_price(self) -> Price | None:
        """The price of the customer's own leg through the computer, None without such a row."""
        row = self._table.find(CLIENT_PREFIX, "")
        return row.price if row else None

    def rows(
        self, shown_in: Callable[[str], str], countries: Collection[str] | None = None
    ) -> Iterator[RateRow]:
        """Yield the rate of each prefix of some countries, or of all.

        `shown_in` returns the number that a country is shown.
        """
        shown_in = cache(shown_in)
        for country in self._rows_by_country if countries is None else countries:
            for row in self._rows_by_country.get(country, ()):
                depends = self._table.depends_on_shown(row.prefix)
                counts = not depends or row is self.alike(row, shown_in(country))
                if counts and row.prefix != CLIENT_PREFIX:
                    yield row

    def alike(self, rate: RateRow, shown_e164: str) -> RateRow | None:
        """Return the rate of the same numbers with another number shown, None without a price."""
        return self._table.find(rate.prefix, shown_e164[1:])


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

    Raise `no_rate` while no deck has been imported.
    """
    global _loaded
    now = timezone.now()
    in_force = usable_decks().filter(effective_from__lte=now)
    closed = Subquery(fresh_permissions().values("closed_countries")[:1])
    newest_row = (
        in_force.order_by("-effective_from", "-id").values_list("id", "created_at", closed).first()
    )
    if newest_row is None:
        raise ProductError("no_rate", "No prices have been set yet.")
    newest = (newest_row[0], newest_row[1])
    index = _loaded
    if (
        index is None
        or (index.deck_id, index.stored_at) != newest
        or (index.current_until is not None and index.current_until <= now)
    ):
        index = _loaded = _load(*newest, now)
    index.closed_countries = frozenset((newest_row[2] or "").split())
    return index


def _load(deck_id: int, stored_at: datetime, now: datetime) -> DeckIndex:
    """Read the rows in force, of a prefix the newest. The next row to come ends the index."""
    rates = Rate.objects.filter(deck_id=deck_id)
    rows = [
        RateRow(prefix, description, country, kind, Price(micros, first, following), shown)
        for prefix, description, country, kind, micros, first, following, shown in rates.filter(
            effective_from__lte=now
        )
        .order_by("effective_from", "id")
        .values_list(
            "prefix",
            "description",
            "country",
            "kind",
            "micros_per_minute",
            "first_seconds",
            "next_seconds",
            "shown_prefixes",
        )
    ]
    upcoming = rates.filter(effective_from__gt=now).order_by("effective_from")
    current_until = upcoming.values_list("effective_from", flat=True).first()
    return DeckIndex(deck_id, rows, current_until, stored_at)


def find_rate(e164: str) -> RateRow | None:
    """Return the rate of a number now if no price names the number shown, None without one."""
    return current_deck().find(e164, shown_e164="")
