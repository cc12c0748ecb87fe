"""Countries by the names that people use, for the regions that have phone numbers."""

import csv
import difflib
import re
import unicodedata
from functools import cache
from pathlib import Path

import phonenumbers

from mobayilo.lib.errors import ProductError

TABLE = Path(__file__).with_name("countries.csv")


def country_code(text: str) -> str:
    """The ISO code of a country written as `GB`, `gb`, `United Kingdom`, `UK` or `+44`.

    A calling code that several countries share gives the largest of them, since a number of any
    of them is read alike. Raises `unknown_country`, with what was probably meant in details.
    """
    key = _fold(text)
    found = _codes_by_key().get(key) or _by_calling_code(key)
    if found:
        return found
    suggestions = _suggestions(key)
    raise ProductError(
        "unknown_country",
        f"{text.strip()[:40]!r} is no country that can be called."
        + (f" Did you mean {' or '.join(_label(iso) for iso in suggestions)}?" * bool(suggestions)),
        details={
            "did_you_mean": [{"country": i, "country_name": country_name(i)} for i in suggestions]
        },
    )


def is_country(text: str) -> bool:
    """Return whether the text names a country by a name or a code with letters."""
    return _fold(text) in _codes_by_key()


def country_name(iso: str) -> str:
    """The English name; networks that belong to no country (`001`) are called international."""
    return _names().get(iso, "International network")


def country_names() -> dict[str, str]:
    """ISO code to English name of every country that can be called, by name."""
    return dict(sorted(_names().items(), key=lambda item: _fold(item[1])))


def _by_calling_code(key: str) -> str | None:
    digits = key.removeprefix("+").removeprefix("00")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3):
        return None
    region = phonenumbers.region_code_for_country_code(int(digits))
    return region if region in _names() else None


def _suggestions(key: str) -> list[str]:
    codes = _codes_by_key()
    close = difflib.get_close_matches(key, list(codes), n=5, cutoff=0.7)
    inside = [name for name in codes if len(key) >= 4 and len(name) > 3 and key in name]
    return list(dict.fromkeys(codes[name] for name in [*close, *inside]))[:3]


def _label(iso: str) -> str:
    return f"{country_name(iso)} ({iso})"


@cache
def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _names() -> dict[str, str]:
    return {row["iso"]: row["name"] for row in _rows()}


@cache
def _codes_by_key() -> dict[str, str]:
    codes: dict[str, str] = {}
    for row in _rows():
        for name in (row["iso"], row["name"], *filter(None, row["aliases"].split(";"))):
            codes[_fold(name)] = row["iso"]
    return codes


def _fold(text: str) -> str:
    """Case, accents, dots, apostrophes and a leading article do not tell countries apart."""
    decomposed = unicodedata.normalize("NFKD", text[:200]).casefold()
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})
    words = re.sub(r"[.'’]", "", kept).replace("-", " ").replace("&", " and ").split()
    if words[:1] == ["the"]:
        words = words[1:]
    return " ".join("saint" if word == "st" else word for word in words)
