"""Changes of a new deck, and the instant from which it is in force."""

import pytest
import time_machine

from telephony.models import RateDeck
from tests.telephony.decks import GOOD, Import, price_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_import_shows_what_changes_before_it_does(load: Import) -> None:
    load(GOOD + "33,France,FR,fixed,0.02,60,60,\n")
    shown = load("44,United Kingdom,GB,fixed,0.02,30,6,\n33,France,FR,fixed,0.02,60,60,\n"
                 "353,Ireland,IE,fixed,0.03,60,60,\n")  # fmt: skip
    assert "3 rates: 1 added, 0 removed, 1 changed" in shown
    assert "~ +44 United Kingdom: $0.012 60/60 → $0.02 30/6" in shown
    assert "+ +353 Ireland $0.03 60/60" in shown


def test_price_that_falls_back_to_a_shorter_prefix_is_shown(load: Import) -> None:
    load(GOOD + "447,UK mobile,GB,mobile,0.03,60,60,\n")
    shown = load(GOOD)
    assert "0 added, 1 removed, 0 changed" in shown
    assert "- +447 UK mobile: $0.03 60/60 → $0.012 60/60 (as +44)" in shown


def test_change_to_come_is_shown_with_its_instant(load: Import) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z"):
        load(GOOD)
        shown = load(GOOD + "44,United Kingdom,GB,fixed,0.02,60,60,2026-12-01\n")
    assert "$0.012 60/60 → $0.02 60/60 from 2026-12-01 00:00 UTC" in shown
    assert shown.count("+44") == 1


def test_changes_beyond_what_is_shown_are_counted(load: Import) -> None:
    def rows(price: str) -> str:
        return "".join(f"44{n},UK,GB,fixed,{price},60,60,\n" for n in range(100, 130))

    load(rows("0.01"))
    assert "and 10 more" in load(rows("0.02"))


def test_deck_with_an_old_date_applies_at_once(load: Import) -> None:
    load(GOOD)
    told = load("44,United Kingdom,GB,fixed,0.02,60,60,2020-01-01\n"
                "33,France,FR,fixed,0.02,60,60,\n")  # fmt: skip
    assert price_of("+442079460018") == 20_000
    newest = RateDeck.objects.latest("id")
    assert newest.effective_from == newest.created_at
    assert f"in force from {newest.created_at:%Y-%m-%d}" in told


def test_deck_that_waits_lets_an_urgent_one_go_first(load: Import) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z"):
        load(GOOD)
        load("44,United Kingdom,GB,fixed,0.02,60,60,2026-12-01\n")
        load("44,United Kingdom,GB,fixed,0.015,60,60,\n")
        assert "nothing to do" in load("44,United Kingdom,GB,fixed,0.015,60,60,\n")
        assert price_of("+442079460018") == 15_000
    with time_machine.travel("2026-12-01T00:00:00Z"):
        assert price_of("+442079460018") == 20_000


def test_newer_deck_replaces_the_older_in_every_process(load: Import) -> None:
    load(GOOD)
    assert price_of("+442079460018") == 12_000
    load("44,United Kingdom,GB,fixed,0.014,60,60,\n")
    assert price_of("+442079460018") == 14_000
    RateDeck.objects.latest("id").delete()
    assert price_of("+442079460018") == 12_000
