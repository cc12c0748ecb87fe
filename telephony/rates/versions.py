"""The versions of the price list: compare them, store one, withdraw one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from mobayilo.lib.errors import ProductError
from telephony.models import Rate, RateDeck
from telephony.rates.deck import PriceTable, usable_decks
from telephony.rates.files import Deck, DeckRow

# A price that changes by more than this factor is more often a slip than a decision.
JUMP_FACTOR = 3
ROW_FIELDS = DeckRow._fields


@dataclass(frozen=True, slots=True)
class Version:
    """The rows of a deck, and the instant from which that deck is in force."""

    effective_from: datetime
    rows: Sequence[DeckRow]

    @property
    def instants(self) -> set[datetime]:
        """The instants at which prices of this version change."""
        return {max(self.effective_from, row.effective_from) for row in self.rows}


class Change(NamedTuple):
    """The prices of numbers under a prefix before and after, from an instant on.

    A row may be that of a shorter prefix; None is no price at all.
    """

    prefix: str
    at: datetime
    old: DeckRow | None
    new: DeckRow | None

    @property
    def is_loss(self) -> bool:
        return self.old is not None and self.new is None

    @property
    def is_jump(self) -> bool:
        if self.old is None or self.new is None:
            return False
        low, high = sorted((self.old.micros_per_minute, self.new.micros_per_minute))
        return high > JUMP_FACTOR * low

    @property
    def is_added(self) -> bool:
        return self._is_own(self.new) and not self._is_own(self.old)

    @property
    def is_removed(self) -> bool:
        return self._is_own(self.old) and not self._is_own(self.new)

    def _is_own(self, row: DeckRow | None) -> bool:
        return row is not None and row.prefix == self.prefix


def effective_from(rows: Iterable[DeckRow], now: datetime) -> datetime:
    """Return when a deck comes into force: at its first price, and not before it was stored."""
    return max(now, min(row.effective_from for row in rows))


def current_and_coming(now: datetime) -> list[RateDeck]:
    """Return the deck in force and the decks to come, in the order of their instants."""
    decks = usable_decks().order_by("effective_from", "id")
    current = decks.filter(effective_from__lte=now).last()
    return [*([current] if current else []), *decks.filter(effective_from__gt=now)]


def versions_of(decks: Iterable[RateDeck]) -> list[Version]:
    return [
        Version(deck.effective_from, list(map(DeckRow._make, deck.rates.values_list(*ROW_FIELDS))))
        for deck in decks
    ]


def compare(before: list[Version], after: list[Version], *, now: datetime) -> list[Change]:
    """Return every prefix with another price after than before, now and at each later change.

    A change that lasts is reported once, at its first instant, and so is one for several numbers
    shown.
    """
    later = {at for version in (*before, *after) for at in version.instants if at > now}
    reported: dict[tuple[str, str], tuple[object, object]] = {}
    changes: dict[Change, None] = {}
    for at in (now, *sorted(later)):
        old, new = table_at(before, at), table_at(after, at)
        # Each prefix without a number shown, and with each that a price of the prefix names.
        priced = {
            (row.prefix, shown)
            for table in (old, new)
            for row in table.rows
            for shown in ("", *row.shown_prefixes.split())
        }
        for prefix, shown in sorted({*priced, *reported}):
            row_before, row_after = old.find(prefix, shown), new.find(prefix, shown)
            terms = (row_before and row_before.terms, row_after and row_after.terms)
            is_reported = reported.get((prefix, shown)) == terms
            if terms[0] == terms[1]:
                reported.pop((prefix, shown), None)
                continue
            reported[prefix, shown] = terms
            if not is_reported:
                changes[Change(prefix, at, row_before, row_after)] = None
    return list(changes)


def table_at(versions: list[Version], at: datetime) -> PriceTable[DeckRow]:
    """Return the prices in force at an instant. Of two decks from one instant the later counts."""
    started = [version for version in versions if version.effective_from <= at]
    # `max` gives the first of equals, so the order is turned round.
    newest = max(reversed(started), key=lambda version: version.effective_from, default=None)
    rows = newest.rows if newest else ()
    in_force = [row for row in rows if row.effective_from <= at]
    return PriceTable(sorted(in_force, key=lambda row: row.effective_from))


def store_deck(deck: Deck, *, name: str) -> RateDeck:
    """Store a deck as a new version, all of it or nothing."""
    with transaction.atomic():
        now = timezone.now()
        stored = RateDeck.objects.create(
            name=name,
            digest=deck.digest,
            is_sample=deck.is_sample,
            row_count=len(deck.rows),
            effective_from=effective_from(deck.rows, now),
            created_at=now,
        )
        _insert(deck.rows, deck_id=stored.pk)
    return stored


def _insert(rows: Iterable[DeckRow], *, deck_id: int) -> None:
    """Insert the rates of a deck; a million of one take PostgreSQL seconds by COPY."""
    if connection.vendor != "postgresql":
        rates = [Rate(deck_id=deck_id, **row._asdict()) for row in rows]
        Rate.objects.bulk_create(rates, batch_size=2000)
        return
    columns = ", ".join(connection.ops.quote_name(name) for name in ("deck_id", *ROW_FIELDS))
    table = connection.ops.quote_name(Rate._meta.db_table)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row((deck_id, *row))


def decks_without(deck: RateDeck, *, now: datetime) -> list[RateDeck]:
    """Return the decks left if one is withdrawn. Raise ProductError if none would be in force."""
    other_decks = usable_decks().exclude(pk=deck.pk).order_by("effective_from", "id")
    current = other_decks.filter(effective_from__lte=now).last()
    if current is None:
        raise ProductError("no_rate", "No other deck would be in force: import one first.")
    return [current, *other_decks.filter(effective_from__gt=now)]


def withdraw_deck(deck: RateDeck, *, reason: str) -> bool:
    """Take a deck out of force, so that the deck before it applies. Return False on a repetition.

    Calls keep the prices that they were quoted. Raise ProductError if no deck would be left.
    """
    with transaction.atomic():
        # Lock every deck, always in one order, so that two withdrawals at once leave a deck.
        list(RateDeck.objects.select_for_update().filter(withdrawn_at=None).order_by("id"))
        now = timezone.now()
        mine = RateDeck.objects.filter(pk=deck.pk, withdrawn_at=None)
        if not mine.exists():
            return False
        decks_without(deck, now=now)
        mine.update(withdrawn_at=now)
        audit.record("rates.deck_withdrawn", account=None, deck=deck.pk, reason=reason)
    return True
