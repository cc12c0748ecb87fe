"""Rate decks as CSV files: read, checked as a whole, compared with the one in force, stored.

Columns: prefix, description, country, kind, price_per_minute, first_seconds, next_seconds,
effective_from. Lines that begin with # are comments; one that says `sample` marks the file as one.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils import timezone
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from mobayilo.lib.money import dollars_to_micros, format_micros
from telephony.models import Rate, RateDeck
from telephony.numbers import country_names

COLUMNS = [
    "prefix", "description", "country", "kind", "price_per_minute", "first_seconds",
    "next_seconds", "effective_from",
]  # fmt: skip
MAX_PRICE_DOLLARS = Decimal(100)
MAX_INCREMENT_SECONDS = 3600
# A price that changes by more than this factor is more often a slip than a decision.
JUMP = 3
_NETWORKS = "001"  # numbers of no country, as libphonenumber writes them


class DeckError(ValueError):
    """A deck that cannot be used; `problems` name lines and reasons."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class DeckRow:
    """One line of a deck."""

    prefix: str
    description: str
    country: str
    kind: str
    micros_per_minute: int
    first_seconds: int
    next_seconds: int
    effective_from: datetime

    @property
    def terms(self) -> tuple[int, int, int]:
        return self.micros_per_minute, self.first_seconds, self.next_seconds

    @property
    def terms_in_words(self) -> str:
        return f"${format_micros(self.micros_per_minute)} {self.first_seconds}/{self.next_seconds}"


@dataclass(frozen=True, slots=True)
class Deck:
    """A file that was read without a problem."""

    rows: list[DeckRow]
    digest: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What a deck would change."""

    added: list[DeckRow] = field(default_factory=list)
    removed: list[DeckRow] = field(default_factory=list)
    changed: list[tuple[DeckRow, DeckRow]] = field(default_factory=list)

    @property
    def jumps(self) -> list[tuple[DeckRow, DeckRow]]:
        return [(old, new) for old, new in self.changed if _is_jump(old, new)]


def parse_deck(text: str, *, now: datetime) -> Deck:
    """Reads a whole file. Raises DeckError with every problem found, not only the first."""
    lines = text.lstrip("\ufeff").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    table = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    if list(table.fieldnames or []) != COLUMNS:
        raise DeckError([f"the first line must be: {','.join(COLUMNS)}"])
    rows, problems = [], []
    for number, record in enumerate(table, start=1):
        try:
            rows.append(_row(record, now))
        except ValueError as problem:
            problems.append(f"row {number} ({record.get('prefix')}): {problem}")
    problems += _duplicates(rows)
    if problems or not rows:
        raise DeckError(problems or ["the file holds no rates"])
    return Deck(
        rows=sorted(rows, key=lambda row: (row.prefix, row.effective_from)),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        is_sample=any("sample" in comment.lower() for comment in comments),
    )


def _row(record: dict[str, str | None], now: datetime) -> DeckRow:
    if None in record or None in record.values():
        raise ValueError(f"it must have {len(COLUMNS)} columns")
    cells = {name: (value or "").strip() for name, value in record.items()}
    prefix = cells["prefix"].removeprefix("+")
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 15 and prefix[0] != "0"):
        raise ValueError("a prefix is 1 to 15 digits and begins with a country calling code")
    if cells["country"] not in country_names() and cells["country"] != _NETWORKS:
        raise ValueError(f"unknown country {cells['country']!r}")
    if cells["kind"] not in Rate.Kind.values:
        raise ValueError(f"unknown kind {cells['kind']!r}")
    if not cells["description"] or len(cells["description"]) > 100:
        raise ValueError("a description has 1 to 100 characters")
    return DeckRow(
        prefix=prefix,
        description=cells["description"],
        country=cells["country"],
        kind=cells["kind"],
        micros_per_minute=_price(cells["price_per_minute"]),
        first_seconds=_increment(cells["first_seconds"]),
        next_seconds=_increment(cells["next_seconds"]),
        effective_from=_instant(cells["effective_from"], now),
    )


def _price(text: str) -> int:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"price {text!r} is not a number") from None
    if not price.is_finite() or not 0 <= price <= MAX_PRICE_DOLLARS:
        raise ValueError(f"price {text} is not between 0 and {MAX_PRICE_DOLLARS}")
    return dollars_to_micros(price)


def _increment(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_INCREMENT_SECONDS):
        raise ValueError(f"increment {text!r} is not 1 to {MAX_INCREMENT_SECONDS} seconds")
    return int(text)


def _instant(text: str, now: datetime) -> datetime:
    """A date (from 00:00 UTC), an instant, or nothing for at once."""
    if not text:
        return now
    if len(text) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _duplicates(rows: Iterable[DeckRow]) -> Iterator[str]:
    seen: set[tuple[str, datetime]] = set()
    for row in rows:
        key = (row.prefix, row.effective_from)
        if key in seen:
            yield f"prefix {row.prefix} occurs twice for {row.effective_from:%Y-%m-%d}"
        seen.add(key)


def deck_in_force() -> list[DeckRow]:
    """The rows of the newest deck that is not withdrawn, in force or still to come."""
    deck = RateDeck.objects.filter(withdrawn_at=None).order_by("-effective_from", "-id").first()
    if deck is None:
        return []
    fields = [name for name in COLUMNS if name != "price_per_minute"]
    fields.insert(4, "micros_per_minute")
    return [DeckRow(*values) for values in deck.rates.values_list(*fields)]


def compare(old: Iterable[DeckRow], new: Iterable[DeckRow]) -> Difference:
    """What changes from one deck to another, by prefix, at the last price of each."""
    before, after = _last_by_prefix(old), _last_by_prefix(new)
    return Difference(
        added=[row for prefix, row in after.items() if prefix not in before],
        removed=[row for prefix, row in before.items() if prefix not in after],
        changed=[
            (before[prefix], row)
            for prefix, row in after.items()
            if prefix in before and before[prefix].terms != row.terms
        ],
    )


def _last_by_prefix(rows: Iterable[DeckRow]) -> dict[str, DeckRow]:
    return {row.prefix: row for row in sorted(rows, key=lambda row: row.effective_from)}


def _is_jump(old: DeckRow, new: DeckRow) -> bool:
    low, high = sorted((old.micros_per_minute, new.micros_per_minute))
    return high > JUMP * low


def unpriced_calling_codes(rows: Iterable[DeckRow]) -> list[int]:
    """Country calling codes of which no number at all has a price."""
    prefixes = {row.prefix for row in rows}
    return [
        code
        for code in sorted(COUNTRY_CODE_TO_REGION_CODE)
        if not any(prefix.startswith(str(code)) for prefix in prefixes)
        and not any(str(code)[:length] in prefixes for length in (1, 2, 3))
    ]


def store_deck(deck: Deck, *, name: str) -> RateDeck:
    """Stores a deck as a new version, all of it or nothing."""
    with transaction.atomic():
        stored = RateDeck.objects.create(
            name=name,
            digest=deck.digest,
            is_sample=deck.is_sample,
            row_count=len(deck.rows),
            effective_from=min(row.effective_from for row in deck.rows),
            created_at=timezone.now(),
        )
        Rate.objects.bulk_create(
            [
                Rate(
                    deck=stored,
                    **{name: getattr(row, name) for name in DeckRow.__dataclass_fields__},
                )
                for row in deck.rows
            ],
            batch_size=2000,
        )
    return stored
