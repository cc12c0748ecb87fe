"""Columns of a deck file: where its header is, and which of its columns is which.

Carriers and billing systems name, order and separate columns each in a way of their own. The names
below are from the layouts in `tests/telephony/rates/layouts.py`, where each has its source.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

# Columns that a deck has by our names, and the names that others give them.
NAMES = {
    "prefix": (
        "prefixes", "destination prefix", "destination prefixes", "dial prefix", "dial prefixes",
        "dial code", "dial codes", "code", "codes", "destination code", "match prefix",
    ),
    "area_codes": ("area code", "city code", "city codes"),
    "calling_code": ("country code", "country dial code"),
    "description": (
        "destination", "destination name", "code name", "name", "route", "zone", "network",
        "destination country description",
    ),
    "country": ("iso", "iso code", "iso country code", "country iso", "country name"),
    "kind": (),
    "price_per_minute": (
        "price per min", "price min", "rate per minute", "rate per min", "rate min", "rate minute",
        "per minute cost", "cost per minute", "cost min", "rate", "price", "cost", "rate cost",
        "rate initial", "rate value", "rate price", "usd min",
    ),
    "increments": (
        "increment", "billing", "billing increment", "billing increments", "charge period",
    ),
    "first_seconds": (
        "initial increment", "first increment", "interval 1", "initial interval", "first interval",
        "init block", "rate minimum", "minimum", "min", "min duration", "minimum duration",
        "duration",
    ),
    "next_seconds": (
        "interval n", "recurring increment", "subsequent increment", "next increment",
        "next interval", "billing block", "rate increment", "interval", "int",
    ),
    "effective_from": (
        "effective date", "effective", "start date", "valid from", "activation date",
    ),
    "ends_at": (
        "end date", "stop date", "expiry date", "expiration date", "valid to", "valid until",
    ),
    "shown_prefixes": (
        "origins", "origination prefix", "origination prefixes", "origin prefix",
        "origin prefixes", "src code",
    ),
    "currency": ("currency code", "price unit"),
    "connection_fee": (
        "connect cost", "connection cost", "connect fee", "connect charge", "connection charge",
        "disconnect charge", "setup fee", "sf", "surcharge", "rate surcharge", "initial cost",
    ),
    "price_unit_seconds": ("billable units", "billable unit", "rate unit"),
    "direction": (),
    "blocked": ("reject calls",),
}  # fmt: skip
REQUIRED = ("prefix", "price_per_minute")
# A price or a prefix that was taken from the wrong one of two columns costs money.
_NEVER_CHOSEN = {"prefix", "price_per_minute"}
_SEPARATORS = ",;\t|"
# Titles, dates and addresses of a carrier stand before the header.
_LINES_BEFORE_HEADER = 20
# Signs that mean nothing in a name. That of another currency than ours stays: the name is unknown.
_MEANINGLESS = str.maketrans("", "", " _-/.,()[]#*$'\"\ufeff")


class DeckError(ValueError):
    """A deck that cannot be used; `problems` has lines and reasons."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def folded(name: str) -> str:
    """Return a name without case, signs, and the currency that every deck has."""
    return name.casefold().translate(_MEANINGLESS).removesuffix("usd")


_COLUMN_OF = {
    folded(name): column for column, others in NAMES.items() for name in (column, *others)
}


@dataclass(frozen=True)
class Layout:
    """The columns of one file."""

    header: list[str]
    places: dict[str, list[int]]
    separator: str
    first_line: int

    @cached_property
    def shared_places(self) -> list[tuple[str, list[int]]]:
        return [(column, at) for column, at in self.places.items() if len(at) > 1]

    @property
    def in_words(self) -> str:
        """Name the column that each of ours was read from, and the columns that were not."""
        read = [f"{column} = {self.header[at[0]]}" for column, at in self.places.items()]
        used = {index for at in self.places.values() for index in at}
        rest = [name for index, name in enumerate(self.header) if index not in used and name]
        unread = f"; not read: {', '.join(rest)}" if rest else ""
        return f"Columns: {', '.join(read)}{unread}."

    def record(self, line: str) -> dict[str, str]:
        """Return the cells of a line by our names. Raise ValueError if it does not fit."""
        if "\0" in line:
            raise ValueError("it has a NUL character")
        cells = line.split(self.separator)
        if '"' in line:
            try:
                cells = next(csv.reader((line,), delimiter=self.separator, strict=True))
            except csv.Error:
                raise ValueError("a quote is open, or does not end its cell") from None
        width = len(self.header)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise ValueError(f"it must have {width} columns")
        record = {column: cells[at[0]].strip() for column, at in self.places.items()}
        # Of several columns with one meaning, such as two fees, the first that is not zero counts.
        for column, at in self.shared_places:
            record[column] = next((cells[i] for i in at if cells[i].strip(" 0.,")), record[column])
        return record


def find_layout(lines: Sequence[str], mapping: dict[str, str]) -> Layout:
    """Return the layout of a file whose header is one of its first lines.

    `mapping` names the file's column for some of ours. Raise DeckError with what is missing.
    """
    first_problems: list[str] = []
    seen = 0
    for number, line in enumerate(lines):
        if not line.strip() or line.startswith("#"):
            continue
        seen += 1
        headers = {
            separator: [name.strip() for name in next(csv.reader((line,), delimiter=separator))]
            for separator in _SEPARATORS
        }
        # The separator that makes the most known names, and of such the most names.
        separator, names = max(
            headers.items(),
            key=lambda header: (sum(folded(n) in _COLUMN_OF for n in header[1]), len(header[1])),
        )
        layout = Layout(names, _places(names, mapping), separator, number + 1)
        problems = _problems(layout, mapping)
        if not problems:
            return layout
        first_problems = first_problems or problems
        if seen == _LINES_BEFORE_HEADER:
            break
    raise DeckError(first_problems or ["the file is empty"])


def _places(names: list[str], mapping: dict[str, str]) -> dict[str, list[int]]:
    keys = [folded(name) for name in names]
    mapped = {column: folded(name) for column, name in mapping.items()}
    places = {}
    for column, others in NAMES.items():
        if column in mapped:
            at = [index for index, key in enumerate(keys) if key == mapped[column]]
        else:
            known = [folded(name) for name in (column, *others)]
            taken = set(mapped.values())
            at = [keys.index(key) for key in known if key in keys and key not in taken]
            # Our own name is no guess, and leaves the others aside.
            at = at[:1] if at and keys[at[0]] == folded(column) else at
        if at:
            places[column] = list(dict.fromkeys(at))
    if "area_codes" in places and "calling_code" in places:
        places.pop("prefix", None)
    elif "calling_code" in places:
        places.setdefault("country", places.pop("calling_code"))
    return places


def _problems(layout: Layout, mapping: dict[str, str]) -> list[str]:
    places, header = layout.places, layout.header
    has_prefix = "prefix" in places or {"area_codes", "calling_code"} <= set(places)
    missing = [c for c in REQUIRED if c not in places and not (c == "prefix" and has_prefix)]
    problems = [
        f"no column is called {name!r}, which --map names for {column}"
        for column, name in mapping.items()
        if column not in places
    ]
    problems += [
        f"it has no column for {column}; name it with --map {column}=COLUMN "
        f"(its columns: {', '.join(header)})"
        for column in missing
        if column not in mapping
    ]
    for column in _NEVER_CHOSEN:
        if len(places.get(column, ())) > 1:
            names = " or ".join(header[index] for index in places[column])
            problems.append(f"{column} could be {names}; choose with --map {column}=COLUMN")
    return problems
