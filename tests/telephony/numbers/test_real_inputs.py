r"""Numbers that people wrote in public places, and what each writer meant.

`expect` is `=` and the number, with `xN` its extension · `?` asked about or refused · `-` refused
and not asked about · `~` asked about, refused, or read as the digits stand with a plus in front.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.telephony.numbers.outcomes import outcome

TABLE = Path(__file__).with_name("real_inputs.tsv")


class Case(NamedTuple):
    text: str
    stated: str | None
    default: str | None
    expect: str
    source: str


def cases() -> Iterator[Case]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = re.sub(r"\\u[0-9a-f]{4}|\\[nt]", _unescaped, row["input"])
            country = row["stated"] or None, row["default"] or None
            yield Case(text, *country, row["expect"], row["source"])


def _unescaped(match: re.Match[str]) -> str:
    return match[0].encode("ascii").decode("unicode_escape")


def publisher(source: str) -> str:
    """The repository or the site that a source belongs to."""
    place = re.sub(r"^https?://(www\.)?(github\.com/)?", "", source.lower()).split(" ")[0]
    return "/".join(place.split("/")[:2]) if "github.com" in source or " " in source else place


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.text}|{case.source}")
def test_number_found_in_public_is_what_its_writer_meant(case: Case) -> None:
    found = outcome(case.text, stated=case.stated, default=case.default)
    is_read, is_asked = found.startswith("+"), found.startswith("ambiguous_number")
    if case.expect.startswith("="):
        assert found == case.expect.removeprefix("=").replace("x", " ")
    elif case.expect == "?":
        assert not is_read
    elif case.expect == "-":
        assert not is_read
        assert not is_asked
    else:
        assert case.expect == "~"
        assert not is_read or found == "+" + re.sub(r"\D", "", case.text).removeprefix("00")


def test_table_comes_from_many_places_of_the_world() -> None:
    table = list(cases())
    assert len(table) >= 300
    assert len(set(table)) == len(table)
    assert max(Counter(publisher(case.source) for case in table).values()) <= 10
    assert len({country for case in table for country in case[1:3] if country}) >= 40
