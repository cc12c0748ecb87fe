"""Rate decks as CSV files, read and checked as a whole.

Columns: prefix, description, country, kind, price_per_minute, first_seconds, next_seconds,
effective_from. Lines that begin with # are comments. The word `sample` in one marks a sample deck.
"""

import csv
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from mobayilo.lib.money import dollars_to_micros, format_micros
from telephony.models import Rate
from telephony.numbers import country_names

COLUMNS = [
    "prefix", "description", "country", "kind", "price_per_minute", "first_seconds",
    "next_seconds", "effective_from",
]  # fmt: skip
MAX_PRICE_DOLLARS = Decimal(100)
MAX_INCREMENT_SECONDS = 3600
_NETWORKS = "001"  # numbers of no country, as libphonenumber writes them


class DeckError(ValueError):
    """A deck that cannot be used; `problems` has lines and reasons."""

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
    """A deck file without a problem."""

    rows: list[DeckRow]
    digest: str
    is_sample: bool


def parse_deck(text: str, *, now: datetime) -> Deck:
    """Read a whole file. Raises DeckError with every problem, not only the first."""
    lines = text.lstrip("\ufeff").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    table = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    if list(table.fieldnames or []) != COLUMNS:
        raise DeckError([f"the first line must be: {','.join(COLUMNS)}"])
    rows: list[DeckRow] = []
    problems = []
    seen: set[tuple[str, datetime]] = set()
    for number, record in enumerate(table, start=1):
        try:
            rows.append(_row(record, now))
        except ValueError as problem:
            problems.append(f"row {number} ({record.get('prefix')}): {problem}")
    for row in rows:
        if (row.prefix, row.effective_from) in seen:
            problems.append(f"prefix {row.prefix} occurs twice for {row.effective_from:%Y-%m-%d}")
        seen.add((row.prefix, row.effective_from))
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
    """Read a date (from 00:00 UTC) or an instant; an empty text is now."""
    if not text:
        return now
    if len(text) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
