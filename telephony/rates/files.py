"""Rate decks as CSV files: read and checked as a whole, or made from Twilio's prices.

Our own columns are prefix, description, country, kind, price_per_minute, first_seconds,
next_seconds, effective_from and, for prices that depend on the number shown, shown_prefixes.
`telephony.rates.columns` finds them in other layouts, and what a layout does not say is taken from
the numbering plan. Lines that begin with # are comments. The word `sample` in one marks a sample
deck.
"""

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

import phonenumbers

from mobayilo.lib.money import dollars_to_micros, format_micros
from telephony.models import Rate
from telephony.numbers import country_name, find_country
from telephony.rates.columns import DeckError, Layout, find_layout
from telephony.rates.deck import CLIENT_PREFIX, PrefixTable
from telephony.twilio.gateway import ProviderPrice

# The numbering plans of the world: the sample deck has a row for every calling code and for every
# range of another country or kind, at a usual price.
SAMPLE = Path(__file__).parents[1] / "decks" / "sample.csv"
NO_COUNTRY = "001"  # numbers of no country, as libphonenumber writes them

# Countries that share a calling code differ by the first digits in North America and in
# Russia and Kazakhstan. Elsewhere (Morocco and Western Sahara) their ranges lie among each other.
_CODES_DIVIDED_BY_PREFIX = {"1", "7"}
COLUMNS = [
    "prefix", "description", "country", "kind", "price_per_minute", "first_seconds",
    "next_seconds", "effective_from",
]  # fmt: skip
SHOWN_PREFIXES = "shown_prefixes"  # an own column that most decks do without
MAX_PRICE_DOLLARS = Decimal(100)
MAX_INCREMENT_SECONDS = 3600
MAX_PREFIXES_OF_RANGE = 1000
MAX_SHOWN_PREFIXES = 1000  # characters
# Cents taken for dollars make a price a hundred times what is usual. Retail prices differ by less
# than the first factor, those of a whole deck in the middle by less than the second.
UNUSUAL_FACTOR = 30
UNUSUAL_DECK_FACTOR = 10
# Texts for every shown number that no other price of the prefix names
# (https://www.twilio.com/docs/voice/pricing).
_ANY_NUMBER_SHOWN = {"", "ALL", "ROW"}
# Twilio bills every started minute, and so does a list that does not say its steps.
DEFAULT_INCREMENTS = (60, 60)
# Twilio's price of a client's leg, which its Pricing API does not have
# (https://www.twilio.com/en-us/voice/pricing/us, Browser and app calling).
CLIENT_MICROS_PER_MINUTE = 4_000
_YEARS = range(2000, 2101)
_DATE_FORMATS = ("%d-%b-%Y", "%d %b %Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y")
_PREFIX = re.compile(r"(?:\+|00|011)?([1-9][0-9]{0,14})(?:\.0)?")
_LIST_OF_PREFIXES = re.compile(r"[,;|/]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KINDS = frozenset(Rate.Kind.values)
_YES = {"1", "y", "yes", "true", "blocked"}
# Words of carriers' descriptions, the more specific ones first.
_KIND_WORDS = (
    ("premium", Rate.Kind.PREMIUM),
    ("special", Rate.Kind.PREMIUM),
    ("shared cost", Rate.Kind.SHARED_COST),
    ("toll free", Rate.Kind.TOLL_FREE),
    ("toll-free", Rate.Kind.TOLL_FREE),
    ("satellite", Rate.Kind.SATELLITE),
    ("pager", Rate.Kind.PAGER),
    ("personal", Rate.Kind.PERSONAL),
    ("voip", Rate.Kind.VOIP),
    ("mobile", Rate.Kind.MOBILE),
    ("cellular", Rate.Kind.MOBILE),
)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers of one country and kind."""

    prefix: str
    country: str
    kind: str
    usual_micros: int


class DeckRow(NamedTuple):
    """The price of one prefix: a tuple, since a deck may have a million."""

    prefix: str
    description: str
    country: str
    kind: str
    micros_per_minute: int
    first_seconds: int
    next_seconds: int
    effective_from: datetime
    shown_prefixes: str = ""

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
    layout: Layout


def parse_deck(text: str, *, now: datetime, mapping: Mapping[str, str] | None = None) -> Deck:
    """Read a whole file. Raise DeckError with every problem, not only the first.

    `mapping` names the file's column for some of ours.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    layout = find_layout(lines, dict(mapping or {}))
    rows: dict[tuple[str, str, datetime], DeckRow] = {}
    shown_by_prefix: dict[tuple[str, datetime], set[str]] = defaultdict(set)
    problems = []
    for number, line in enumerate(lines[layout.first_line :], start=layout.first_line + 1):
        if line.startswith("#") or not line.strip(" \t,;|"):
            continue
        try:
            for row in _rows(layout.record(line), now):
                key = row.prefix, row.shown_prefixes, row.effective_from
                shown = set(row.shown_prefixes.split())
                earlier = shown_by_prefix[key[0], key[2]] if shown else shown
                if key in rows or shown & earlier:
                    raise ValueError(f"prefix {row.prefix} occurs twice for {key[2]:%Y-%m-%d}")
                earlier |= shown
                rows[key] = row
        except ValueError as problem:
            problems.append(f"line {number} ({line[:20].strip()}): {problem}")
    if problems or not rows:
        raise DeckError(problems or ["the file holds no rates"])
    mapping_text = repr(sorted(mapping.items())) if mapping else ""
    return Deck(
        rows=[rows[key] for key in sorted(rows)],
        digest=hashlib.sha256((text + mapping_text).encode()).hexdigest(),
        is_sample=any(line.startswith("#") and "sample" in line.lower() for line in lines),
        layout=layout,
    )


def _rows(record: Mapping[str, str], now: datetime) -> Iterator[DeckRow]:
    """Yield a row for each prefix of a line. Raise ValueError if the line cannot be used."""
    _refuse_what_a_price_cannot_say(
        currency=record.get("currency", ""),
        fee=record.get("connection_fee", ""),
        unit=record.get("price_unit_seconds", ""),
        direction=record.get("direction", ""),
        blocked=record.get("blocked", ""),
        ends_at=record.get("ends_at", ""),
        now=now,
    )
    micros = _price(record["price_per_minute"])
    first, following = _increments(
        record.get("increments", ""), record.get("first_seconds"), record.get("next_seconds")
    )
    effective_from = _instant(record.get("effective_from", ""), now)
    shown_prefixes = _shown_prefixes(record.get(SHOWN_PREFIXES, ""))
    for prefix in _prefixes(record):
        covering = numbering_plan().find(prefix)
        country = _country(record.get("country", ""), covering)
        description = record["description"] if "description" in record else country_name(country)
        kind = _kind(record.get("kind"), description, covering)
        if (kind == Rate.Kind.INTERNET) != (prefix == CLIENT_PREFIX):
            raise ValueError(f"kind {Rate.Kind.INTERNET} and prefix {CLIENT_PREFIX} go together")
        yield DeckRow(
            prefix=prefix,
            description=_description(description),
            country=country,
            kind=kind,
            micros_per_minute=micros,
            first_seconds=first,
            next_seconds=following,
            effective_from=effective_from,
            shown_prefixes=shown_prefixes,
        )


@lru_cache(maxsize=1024)
def _refuse_what_a_price_cannot_say(
    *, currency: str, fee: str, unit: str, direction: str, blocked: str, ends_at: str, now: datetime
) -> None:
    """Raise ValueError for terms of a carrier that a price per minute in dollars would hide."""
    if currency.upper() not in {"", "USD", "US$", "$"}:
        raise ValueError(f"the price is in {currency}, and a deck in US dollars")
    if fee.strip(" $0.,"):
        raise ValueError(f"a connection fee of {fee} cannot be charged")
    if unit.strip(" s") not in {"", "60"}:
        raise ValueError(f"the price is for {unit} seconds, and a deck for a minute")
    if direction and "outbound" not in direction.lower():
        raise ValueError(f"the direction {direction!r} is not outbound")
    if blocked.lower() in _YES:
        raise ValueError("the destination is blocked; its prefix needs a price, or no row")
    if ends_at.strip("0- :") and _instant(ends_at, now) <= now:
        raise ValueError(f"the price ended on {ends_at}")


def _prefixes(record: Mapping[str, str]) -> list[str]:
    """Return the prefixes of a line: `44`, `+44, 4420`, `0044`, `1204-1206`, or area codes."""
    cell = record.get("prefix", "")
    if cell.isascii() and cell.isdigit() and cell[0] != "0" and len(cell) <= 15:
        return [cell]  # as nearly every line has it
    if cell == CLIENT_PREFIX:
        return [cell]
    if "prefix" in record:
        parts, calling_code = _LIST_OF_PREFIXES.split(cell), ""
    else:
        parts = _LIST_OF_PREFIXES.split(record["area_codes"])
        calling_code = record["calling_code"].lstrip("+0")
    prefixes = []
    for part in filter(None, map(str.strip, parts)) if any(parts) else [""]:
        first, dash, last = part.partition("-")
        if not dash:
            prefixes.append(_prefix(calling_code + part))
            continue
        low, high = _prefix(calling_code + first), _prefix(calling_code + last)
        # Shorter prefixes with a dash, such as 52-55, are as often a country code and an area code.
        if (
            len(low) != len(high)
            or len(low) < 4
            or not 0 < int(high) - int(low) < MAX_PREFIXES_OF_RANGE
        ):
            raise ValueError(f"{part!r} is no range; write the prefixes with commas between")
        prefixes.extend(str(number) for number in range(int(low), int(high) + 1))
    return prefixes


def _prefix(text: str) -> str:
    """Return the digits of a prefix, without +, 00 or 011. Raise ValueError if it is none."""
    match = _PREFIX.fullmatch(text)
    if not match:
        raise ValueError(
            f"a prefix is 1 to 15 digits and begins with a country calling code, not {text[:30]!r}"
        )
    return match[1]


@lru_cache(maxsize=1024)
def _shown_prefixes(text: str) -> str:
    """Return the prefixes of shown numbers that a price is for, sorted, with spaces between.

    An empty text stands for every shown number that no other price names. Raise ValueError for a
    text that is no list of prefixes.
    """
    if text.upper() in _ANY_NUMBER_SHOWN:
        return ""
    parts = list(filter(None, re.split(r"[,;|/\s]+", text)))
    for part in parts:
        if not _PREFIX.fullmatch(part):
            raise ValueError(f"{part!r} is no prefix of numbers shown, as +44, nor ALL or ROW")
    prefixes = " ".join(sorted({_prefix(part) for part in parts}))
    if len(prefixes) > MAX_SHOWN_PREFIXES:
        raise ValueError(f"the prefixes of the number shown take over {MAX_SHOWN_PREFIXES} letters")
    return prefixes


@lru_cache(maxsize=1024)
def _country_of(text: str) -> str:
    """Return the ISO code of a country by any name. Raise ValueError if it is not known."""
    country = NO_COUNTRY if text == NO_COUNTRY else find_country(text)
    if not country:
        raise ValueError(f"unknown country {text!r}")
    return country


def _country(text: str, covering: Range | None) -> str:
    """Return the country that a line names, or that of its prefix in the numbering plan.

    Raise ValueError if neither is known.
    """
    if text:
        return _country_of(text)
    if covering is None:
        raise ValueError("the country of the prefix is not known; a column for country names it")
    return covering.country


def _kind(text: str | None, description: str, covering: Range | None) -> str:
    """Return the kind of a line: the one named, or in its description, or that of its prefix.

    Raise ValueError if the line names an unknown kind.
    """
    if text is None:
        usual = covering.kind if covering else Rate.Kind.FIXED.value
        return kind_in_words(description) or usual
    kind = text.lower().replace(" ", "_").replace("-", "_")
    if kind not in _KINDS:
        raise ValueError(f"unknown kind {text!r}")
    return kind


@lru_cache(maxsize=65536)
def kind_in_words(description: str) -> str | None:
    """Return the kind that a carrier's description names, or None."""
    lower = description.lower()
    return next((kind.value for word, kind in _KIND_WORDS if word in lower), None)


@lru_cache(maxsize=65536)
def _description(text: str) -> str:
    if not text or len(text) > 100 or _CONTROL.search(text):
        raise ValueError("a description has 1 to 100 characters, and none that is invisible")
    return text


@lru_cache(maxsize=65536)
def _price(text: str) -> int:
    """Return in micro-dollars a price of `0.012`, `$0.012`, or `0,012` as other languages write it.

    Raise ValueError for anything else, and for a price above `MAX_PRICE_DOLLARS`.
    """
    digits = text.removeprefix("$").removesuffix("USD").strip()
    if digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        price = Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"price {text!r} is not a number") from None
    if not price.is_finite() or not 0 <= price <= MAX_PRICE_DOLLARS:
        raise ValueError(f"price {text} is not between 0 and {MAX_PRICE_DOLLARS}")
    return dollars_to_micros(price)


@lru_cache(maxsize=1024)
def _increments(both: str, first: str | None, following: str | None) -> tuple[int, int]:
    """Return the first and the next step of a price in seconds, `60/6` in one cell or in two.

    Raise ValueError for a step that is not a whole number of seconds.
    """
    if not (both or first or following) and first is None and following is None:
        return DEFAULT_INCREMENTS
    parts = re.split(r"[/:+-]", both) if both else []
    if len(parts) > 2:
        raise ValueError(f"increment {both!r} is not one of two numbers, as 60/6")
    first = parts[0] if first is None and parts else first
    following = parts[-1] if following is None and parts else following
    # A number alone is the first step and every next one.
    first_step = first if first is not None else following or ""
    next_step = following if following is not None else first or ""
    return _increment(first_step), _increment(next_step)


def _increment(text: str) -> int:
    digits = text.strip().removesuffix("s").strip()
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= MAX_INCREMENT_SECONDS):
        raise ValueError(f"increment {text!r} is not 1 to {MAX_INCREMENT_SECONDS} seconds")
    return int(digits)


@lru_cache(maxsize=1024)
def _instant(text: str, now: datetime) -> datetime:
    """Return the instant of a text: a day (from 00:00 UTC), an instant, or now if it is empty.

    A text such as 03/04/2026 can be two days. Return the later if both are past, since the price is
    in force for either; otherwise raise ValueError.
    """
    if not text:
        return now
    try:
        readings = {datetime.fromisoformat(text)}
    except ValueError:
        readings = set()
        for form in _DATE_FORMATS:
            with suppress(ValueError):
                readings.add(datetime.strptime(text, form))  # noqa: DTZ007 (UTC is added below)
        if not readings:
            raise ValueError(f"{text!r} is no day or instant in isoformat, as 2026-11-24") from None
    # The ends of the calendar have no instant in UTC.
    if any(reading.year not in _YEARS for reading in readings):
        raise ValueError(f"{text} is not in the years {_YEARS[0]} to {_YEARS[-1]}")
    instants = {r if r.tzinfo else r.replace(tzinfo=UTC) for r in readings}
    if len(instants) > 1 and max(instants) > now:
        raise ValueError(f"{text} may be two days; write it as 2026-11-24")
    return max(instants)


@cache
def numbering_plan() -> PrefixTable[Range]:
    """Return the ranges of the sample deck, which are found by prefix."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return PrefixTable(
            Range(
                row["prefix"],
                row["country"],
                row["kind"],
                dollars_to_micros(Decimal(row["price_per_minute"])),
            )
            for row in csv.DictReader(line for line in file if not line.startswith("#"))
        )


def may_be_of(country: str, prefix: str) -> bool:
    """Return whether a country has numbers that begin with a prefix, or may have."""
    code = str(phonenumbers.country_code_for_region(country))
    if prefix.startswith(code) and code not in _CODES_DIVIDED_BY_PREFIX:
        return True
    rows = numbering_plan().rows.values()
    return any(row.country == country for row in rows if row.prefix.startswith(prefix))


def doubts_of(rows: Iterable[DeckRow]) -> list[str]:
    """Return a sentence for each price, or country of a prefix, that is probably a slip."""
    plan = numbering_plan()
    doubts = []
    factors = []
    for row in rows:
        price = f"+{row.prefix} {row.description} at ${format_micros(row.micros_per_minute)}"
        if row.micros_per_minute == 0:
            doubts.append(f"{price}: a price of nothing")
        covering = plan.find(row.prefix)
        if covering is None:
            doubts.append(f"{price}: no country has this prefix")
            continue
        if row.country != covering.country and not may_be_of(row.country, row.prefix):
            doubts.append(
                f"{price}: the prefix is of {country_name(covering.country)}, "
                f"not of {country_name(row.country)}"
            )
        factor = row.micros_per_minute / covering.usual_micros
        factors.append(factor)
        if factor > UNUSUAL_FACTOR:
            usual = format_micros(covering.usual_micros)
            doubts.append(f"{price}: looks like cents, where about ${usual} is usual")
    if factors and median(factors) > UNUSUAL_DECK_FACTOR:
        doubts.insert(0, "the prices of the whole deck look like cents and not like dollars")
    return doubts


@dataclass(frozen=True, slots=True)
class Margin:
    """A percentage on top of a wholesale price, with a minimum, rounded up to a step.

    Twilio bills every started minute of each leg, so 60/60 is what loses nothing.
    """

    percent: int
    minimum_micros: int
    first_seconds: int
    next_seconds: int
    step_micros: int = 100

    def retail_micros(self, wholesale_micros: int) -> int:
        price_micros = max(-(-wholesale_micros * (100 + self.percent) // 100), self.minimum_micros)
        return -(-price_micros // self.step_micros) * self.step_micros


def deck_from_prices(prices: Iterable[tuple[str, ProviderPrice]], *, margin: Margin) -> str:
    """Return the deck as CSV. `prices` are pairs of a country and one of its prices.

    Of two prices for the same numbers, called and shown, the higher one counts.
    """
    rows: dict[tuple[str, str], list[object]] = {}
    priced: dict[str, set[str]] = defaultdict(set)
    for country, price in sorted(prices, key=lambda pair: -pair[1].micros_per_minute):
        # The name of Twilio's product, which ends with "Minute - ", stands before the description.
        words = price.description.split("Minute - ")[-1].strip()
        description = words if words and words != country else country_name(country)
        kind = kind_in_words(price.description) or Rate.Kind.FIXED.value
        retail = margin.retail_micros(price.micros_per_minute)
        for prefix in price.prefixes:
            unpriced = ({*price.shown_prefixes} or {""}) - priced[prefix]
            if not unpriced:
                continue
            priced[prefix] |= unpriced
            shown = " ".join(sorted(unpriced))
            rows[prefix, shown] = [
                prefix, description[:100], country, kind, f"{retail / 1_000_000:.6f}",
                margin.first_seconds, margin.next_seconds, "", shown,
            ]  # fmt: skip
    retail = margin.retail_micros(CLIENT_MICROS_PER_MINUTE)
    rows[CLIENT_PREFIX, ""] = [
        CLIENT_PREFIX, "Through the computer", NO_COUNTRY, Rate.Kind.INTERNET.value,
        f"{retail / 1_000_000:.6f}", margin.first_seconds, margin.next_seconds, "", "",
    ]  # fmt: skip
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*COLUMNS, SHOWN_PREFIXES])
    writer.writerows(rows[key] for key in sorted(rows))
    return written.getvalue()
