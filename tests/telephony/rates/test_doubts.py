"""A probable slip stops an import, in the first deck as in any other."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from telephony.models import RateDeck
from tests.telephony.decks import GOOD, Import

pytestmark = [pytest.mark.db, pytest.mark.django_db]
SLIPS = {
    "a price of nothing": "44,United Kingdom,GB,fixed,0,60,60,\n",
    "looks like cents": "44,United Kingdom,GB,fixed,1.2,60,60,\n",
    "prefix is of Jamaica, not of United States": "1876,United States,US,fixed,0.2,60,60,\n",
    "prefix is of Germany, not of France": "49,France,FR,fixed,0.02,60,60,\n",
    "prefix is of Kazakhstan, not of Russia": "77,Russia,RU,mobile,0.1,60,60,\n",
    "no country has this prefix": "999,Nowhere,001,fixed,0.1,60,60,\n",
    "of the whole deck": "44,UK,GB,fixed,1.2,60,60,\n49,DE,DE,fixed,1.1,60,60,\n",
}


@pytest.mark.parametrize(("doubt", "rows"), SLIPS.items(), ids=SLIPS)
def test_slip_stops_the_import_unless_yes_is_said(load: Import, doubt: str, rows: str) -> None:
    with pytest.raises(CommandError, match="--yes accepts"):
        load(rows)
    assert not RateDeck.objects.exists()
    shown = load(rows, "--yes")
    assert f"Doubtful: +{rows.split(',')[0]}" in shown or "Doubtful: the prices" in shown
    assert doubt in shown


@pytest.mark.parametrize(
    "row",
    [
        GOOD,
        "2125288,Western Sahara,EH,fixed,0.3,60,60,\n",
        "870,Inmarsat,001,satellite,12.00,60,60,\n",
        "7,Kazakhstan,KZ,fixed,0.1,60,60,\n",
        "447700,UK mobile from elsewhere,GB,mobile,0.45,60,60,\n",
        "1,Canada,CA,fixed,0.01,60,60,\n",
    ],
)
def test_price_and_country_that_may_be_are_no_doubt(load: Import, row: str) -> None:
    assert "Doubtful" not in load(row)
    assert RateDeck.objects.exists()


def test_sample_deck_has_no_doubts(load: Import) -> None:
    sample = Path(__file__).parents[3] / "telephony/decks/sample.csv"
    rows = sample.read_text(encoding="utf-8").split("effective_from\n", 1)[1]
    assert "Doubtful" not in load(rows)
