"""Commands that store a deck: what they refuse without a word."""

import pytest
import time_machine
from django.core.management import CommandError

from telephony.rates.deck import find_rate
from tests.telephony.decks import GOOD, Import

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_price_jump_and_lost_country_need_a_word(load: Import) -> None:
    load(GOOD + "33,France,FR,fixed,0.02,60,60,\n")
    dear = "44,United Kingdom,GB,fixed,0.12,60,60,\n33,France,FR,fixed,0.02,60,60,\n"
    with pytest.raises(CommandError, match="1 prices jump"):
        load(dear)
    load(dear, "--allow-jumps")
    with pytest.raises(CommandError, match=r"\+33 would lose"):
        load(GOOD, "--allow-jumps")
    load(GOOD, "--allow-jumps", "--allow-gaps")
    assert find_rate("+33123456789") is None


WAS = "44,UK,GB,fixed,0.01,60,60,\n447,UK mobile,GB,mobile,0.05,60,60,\n"


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (WAS + "449,UK special,GB,fixed,0.09,60,60,\n", r"1 prices jump"),
        ("44,UK,GB,fixed,0.01,60,60,\n", r"1 prices jump"),
        (WAS.replace("0.05,60,60,", "0.05,60,60,2027-01-01"), r"1 prices jump"),
        (WAS + "44,UK,GB,fixed,0.09,60,60,2027-01-01\n", r"1 prices jump"),
        ("44,UK,GB,fixed,0.01,60,60,2027-01-01\n447,UK,GB,mobile,0.05,60,60,\n", r"\+44 would"),
    ],
    ids=["dear sub-prefix", "fallback", "not yet", "later", "only later"],
)
def test_what_numbers_cost_is_compared_by_look_up(load: Import, rows: str, refusal: str) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z"):
        load(WAS)
        with pytest.raises(CommandError, match=refusal):
            load(rows)
        load(rows, "--allow-jumps", "--allow-gaps")
