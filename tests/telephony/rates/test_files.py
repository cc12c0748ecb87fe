"""Files of rates: a deck with a fault is refused whole."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from telephony.models import Rate, RateDeck
from tests.telephony.decks import DECK, GOOD, HEADER, Import

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("44,United Kingdom,GB,fixed,-0.01,60,60,", "not between 0"),
        ("44,United Kingdom,GB,fixed,cheap,60,60,", "not a number"),
        ("44,United Kingdom,GB,fixed,NaN,60,60,", "not between 0"),
        ("44,United Kingdom,GB,fixed,0.0000001,60,60,", "finer than a micro-dollar"),
        ("44,United Kingdom,QQ,fixed,0.01,60,60,", "unknown country"),
        ("44,United Kingdom,GB,landline,0.01,60,60,", "unknown kind"),
        ("44,United Kingdom,GB,fixed,0.01,0,60,", "increment"),
        ("44,United Kingdom,GB,fixed,0.01,60,sixty,", "increment"),
        ("044,United Kingdom,GB,fixed,0.01,60,60,", "prefix"),
        (",United Kingdom,GB,fixed,0.01,60,60,", "prefix"),
        ("44,,GB,fixed,0.01,60,60,", "description"),
        ("44,United Kingdom,GB,fixed,0.01,60", "columns"),
        ("44,United Kingdom,GB,fixed,0.01,60,60,,more", "columns"),
        ("44,United Kingdom,GB,fixed,0.01,60,60,soon", "isoformat"),
        (GOOD + "44,Again,GB,fixed,0.01,60,60,", "occurs twice"),
    ],
)
def test_deck_with_a_fault_is_refused_whole(load: Import, row: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        load("33,France,FR,fixed,0.01,60,60,\n" + row)
    assert not RateDeck.objects.exists()
    assert not Rate.objects.exists()


def test_file_without_the_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("44;0.01\n")
    with pytest.raises(CommandError, match="no column for prefix"):
        call_command("import_rates", str(path))


def test_deck_of_these_tests_is_valid(load: Import) -> None:
    load(DECK.removeprefix(HEADER))
    assert RateDeck.objects.get().row_count == 7
