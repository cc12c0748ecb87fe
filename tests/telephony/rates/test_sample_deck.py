"""The sample rate deck prices every number that exists, as what it is."""

import csv
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from telephony.numbers import country_name, number_from_e164

DECK = Path(__file__).parents[3] / "telephony" / "decks" / "sample.csv"
KINDS = {
    "fixed",
    "mobile",
    "toll_free",
    "premium",
    "shared_cost",
    "personal",
    "pager",
    "satellite",
    "international_network",
    "voip",
    "uan",
    "internet",
}
EITHER = {"fixed", "mobile"}  # what a number may be priced as that can be both


@cache
def deck() -> dict[str, dict[str, str]]:
    with DECK.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    by_prefix = {row["prefix"]: row for row in rows}
    assert len(by_prefix) == len(rows)
    return by_prefix


def row_of(e164: str) -> dict[str, str]:
    digits = e164.removeprefix("+")
    return next(deck()[digits[:n]] for n in range(len(digits), 0, -1) if digits[:n] in deck())


def test_deck_has_sound_rows_in_order() -> None:
    assert list(deck()) == sorted(deck())
    assert 1000 < len(deck()) < 5000
    for row in deck().values():
        is_client = row["kind"] == "internet"
        assert re.fullmatch("0" if is_client else r"[1-9]\d{0,8}", row["prefix"])
        assert row["kind"] in KINDS
        assert re.fullmatch(r"\d+\.\d{2,6}", row["price_per_minute"])
        assert is_client or Decimal("0.01") <= Decimal(row["price_per_minute"]) <= 10
        assert (row["first_seconds"], row["next_seconds"]) in {
            ("60", "60"),
            ("30", "6"),
            ("1", "1"),
        }
        assert datetime.fromisoformat(row["effective_from"]).tzinfo
        assert row["country"] == "001" or row["description"].startswith(
            country_name(row["country"])
        )


def test_deck_says_that_it_is_a_sample() -> None:
    assert DECK.read_text(encoding="utf-8").startswith("# A sample: ")


def test_deck_prices_every_calling_code() -> None:
    assert {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE} <= set(deck())


@pytest.mark.parametrize("kind", [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE])
def test_deck_knows_country_and_kind_of_every_example(kind: int) -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        number = number_from_e164(phonenumbers.format_number(example, PhoneNumberFormat.E164))
        row = row_of(number.e164)
        kinds = EITHER if number.kind == "fixed_or_mobile" else {str(number.kind)}
        assert (row["country"], row["kind"] in kinds) == (number.country, True), (number, row)


@pytest.mark.parametrize(
    ("e164", "country", "kind"),
    [
        ("+18765550123", "JM", "mobile"),
        ("+14165550123", "CA", "fixed"),
        ("+77012345678", "KZ", "mobile"),
        ("+79123456789", "RU", "mobile"),
        ("+447911123456", "GG", "mobile"),
        ("+447624123456", "IM", "mobile"),
        ("+441534456789", "JE", "fixed"),
        ("+390669881234", "VA", "fixed"),
        ("+5997123456", "BQ", "fixed"),
        ("+59994351234", "CW", "fixed"),
        ("+262639012345", "YT", "mobile"),
        ("+61891621234", "CC", "fixed"),
        ("+4779123456", "SJ", "fixed"),
        ("+881612345678", "001", "satellite"),
        ("+979123456789", "001", "premium"),
        ("+449098790000", "GB", "premium"),
        ("+447012345678", "GB", "personal"),
    ],
)
def test_deck_knows_borders_inside_a_calling_code(e164: str, country: str, kind: str) -> None:
    row = row_of(e164)
    assert (row["country"], row["kind"]) == (country, kind)
