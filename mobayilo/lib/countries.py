"""Countries by their codes, names and calling codes, for the regions that have phones.

`countries.csv` holds the ISO 3166 codes, the English name, aliases by hand, and the names in the
country's own languages and in the most spoken ones. Those names and the three-letter codes come
from Unicode CLDR (through Babel 2.19; licence in `countries.LICENSE`).
"""

import csv
import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import phonenumbers

from mobayilo.lib.errors import ProductError

TABLE = Path(__file__).with_name("countries.csv")


def find_country(text: str) -> str | None:
    """Return the ISO code of a country written as `GB`, `gbr`, `UK`, `United Kingdom` or 英国."""
    return _codes_by_key().get(_fold(text))


def country_code(text: str) -> str:
    """Return the ISO code of a country written as `GB`, `gbr`, `United Kingdom`, `UK` or `+44`.

    A calling code that several countries share gives the largest country, since numbers of all
    these countries are read alike. Raise `unknown_country`, with likely countries in details.
    """
    if iso := find_country(text):
        return iso
    digits = text.strip().removeprefix("+").removeprefix("00")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 3:
        region: str = phonenumbers.region_code_for_country_code(int(digits))
        if region in country_names():
            return region
    raise unknown_country(text)


def unknown_country(text: str) -> ProductError:
    """Return the refusal of a text that names no country, with what was probably meant."""
    key, codes = _fold(text), _codes_by_key()
    close = difflib.get_close_matches(key, list(codes), n=5, cutoff=0.7)
    inside = [name for name in codes if len(key) >= 4 and len(name) > 3 and key in name]
    suggestions = list(dict.fromkeys(codes[name] for name in [*close, *inside]))[:3]
    suggested = " or ".join(f"{country_name(iso)} ({iso})" for iso in suggestions)
    return ProductError(
        "unknown_country",
        f"{text.strip()[:40]!r} is not a country we call."
        + f" Did you mean {suggested}?" * bool(suggestions),
        details={
            "did_you_mean": [{"country": i, "country_name": country_name(i)} for i in suggestions]
        },
    )


def country_name(iso: str) -> str:
    """Return the English name; networks of no country (`001`) are called international."""
    return _names().get(iso, "International network")


@cache
def country_names() -> Mapping[str, str]:
    """Return ISO code to English name of every country that can be called, by name."""
    return MappingProxyType(dict(sorted(_names().items(), key=lambda item: _fold(item[1]))))


@cache
def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _names() -> dict[str, str]:
    return {row["iso"]: row["name"] for row in _rows()}


@cache
def _codes_by_key() -> dict[str, str]:
    columns = ("iso", "alpha3", "name", "aliases", "names")
    return {
        _fold(name): row["iso"]
        for row in _rows()
        for column in columns
        for name in row[column].split(";")
        if name
    }


def _fold(text: str) -> str:
    """Return a name without case, accents, dots, apostrophes and a leading article."""
    decomposed = unicodedata.normalize("NFKD", text[:200]).casefold()
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})
    words = re.sub(r"[.'’]", "", kept).replace("-", " ").replace("&", " and ").split()
    if words[:1] == ["the"]:
        words = words[1:]
    return " ".join("saint" if word == "st" else word for word in words)
