"""Numbers as people in some sixty countries write them, and what has to come of each."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.telephony.numbers.outcomes import outcome

TABLE = Path(__file__).with_name("number_inputs.tsv")


class Case(NamedTuple):
    text: str
    stated: str | None
    default: str | None
    expected: str


def cases() -> Iterator[Case]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = re.sub(r"\\u[0-9a-f]{4}|\\[nt]", _unescaped, row["input"])
            yield Case(text, row["stated"] or None, row["default"] or None, row["expected"])


def _unescaped(match: re.Match[str]) -> str:
    return match[0].encode("ascii").decode("unicode_escape")


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.text}|{case.stated}")
def test_number_as_people_write_it(case: Case) -> None:
    assert outcome(case.text, stated=case.stated, default=case.default) == case.expected


def test_table_covers_the_world() -> None:
    table = list(cases())
    assert len(table) >= 300
    assert len({country for case in table for country in case[1:3] if country}) >= 40
    assert len(set(table)) == len(table)
