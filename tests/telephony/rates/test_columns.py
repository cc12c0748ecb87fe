"""Decks as carriers and billing systems make them are imported, or refused with what is missing."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from telephony.models import Rate, RateDeck
from tests.telephony.printing import printed
from tests.telephony.rates.layouts import IMPORTED, REFUSED

pytestmark = [pytest.mark.db, pytest.mark.django_db]
Terms = tuple[str, str, int, int, int]


def import_text(folder: Path, text: str, *options: str) -> str:
    path = folder / "deck.csv"
    path.write_text(text)
    return printed("import_rates", str(path), *options)


def stored() -> dict[str, Terms]:
    return {
        " for ".join(filter(None, (rate.prefix, rate.shown_prefixes))): (
            rate.country, rate.kind, rate.micros_per_minute, rate.first_seconds, rate.next_seconds
        )
        for rate in Rate.objects.all()
    }  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IMPORTED.values(), ids=IMPORTED)
def test_layout_of_a_carrier_is_known(
    tmp_path: Path, text: str, expected: dict[str, Terms]
) -> None:
    shown = import_text(tmp_path, text)
    assert stored() == expected
    assert "Columns: " in shown


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_file_that_says_too_little_is_refused_with_what_is_missing(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        import_text(tmp_path, text)
    assert not RateDeck.objects.exists()


def test_map_names_the_columns_of_any_layout(tmp_path: Path) -> None:
    text = "Ziel;Vorwahl;Cent\nGermany;49;0.012\n"
    with pytest.raises(CommandError, match="--map prefix=COLUMN"):
        import_text(tmp_path, text)
    shown = import_text(tmp_path, text, "--map", "prefix=vorwahl,price_per_minute=Cent")
    assert stored() == {"49": ("DE", "fixed", 12_000, 60, 60)}
    assert "not read: Ziel" in shown
    assert "It names no increments" in shown


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("prefix=Nummer", "no column is called 'Nummer'"),
        ("number=Vorwahl", "--map takes COLUMN=NAME"),
        ("prefix", "--map takes COLUMN=NAME"),
    ],
)
def test_map_that_names_no_column_is_refused(tmp_path: Path, option: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        import_text(tmp_path, "Vorwahl,Price\n49,0.012\n", "--map", option)


def test_same_file_with_another_map_is_another_deck(tmp_path: Path) -> None:
    text = "prefix,buy,sell\n49,0.012,0.02\n"
    import_text(tmp_path, text, "--map", "price_per_minute=buy")
    import_text(tmp_path, text, "--map", "price_per_minute=sell")
    assert RateDeck.objects.count() == 2
    again = import_text(tmp_path, text, "--map", "price_per_minute=sell")
    assert "nothing to do" in again


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_file_of_a_spreadsheet_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "deck.csv"
    path.write_bytes("Prefix\tDescription\tRate\r\n225\tCôte d'Ivoire\t0.30\r\n".encode(encoding))
    printed("import_rates", str(path))
    assert Rate.objects.get().description == "Côte d'Ivoire"


def test_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deck.xlsx"
    path.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(CommandError, match="save its sheet as CSV"):
        call_command("import_rates", str(path))


@given(
    order=st.permutations(["prefix", "description", "country", "kind", "price_per_minute", "Note"]),
    separator=st.sampled_from(",;\t|"),
    change=st.sampled_from([str.upper, str.title, str.lower]),
)
def test_order_case_and_separator_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], separator: str, change: type
) -> None:
    Rate.objects.all().delete()
    RateDeck.objects.all().delete()
    row = {
        "prefix": "447", "description": "UK mobile", "country": "United Kingdom", "kind": "Mobile",
        "price_per_minute": "0.03", "Note": "new",
    }  # fmt: skip
    lines = [[change(name) for name in order], [row[name] for name in order]]
    import_text(tmp_path_factory.mktemp("deck"), "\n".join(map(separator.join, lines)))
    assert stored() == {"447": ("GB", "mobile", 30_000, 60, 60)}


@pytest.mark.parametrize(
    ("cell", "prefixes"),
    [
        ("+44, 4420", {"44", "4420"}), ("0044|00447", {"44", "447"}), ("44;", {"44"}),
        ("4471-4473", {"4471", "4472", "4473"}), ("44/447", {"44", "447"}), ("44.0", {"44"}),
    ],
)  # fmt: skip
def test_cell_has_several_prefixes(tmp_path: Path, cell: str, prefixes: set[str]) -> None:
    import_text(tmp_path, f'Prefix,Rate\n"{cell}",0.02\n')
    assert set(stored()) == prefixes


@pytest.mark.parametrize(
    ("cell", "seconds"), [("60/6", (60, 6)), ("1+1", (1, 1)), ("30", (30, 30)), ("60s/1s", (60, 1))]
)
def test_increments_stand_in_one_cell(tmp_path: Path, cell: str, seconds: tuple[int, int]) -> None:
    import_text(tmp_path, f"Prefix,Rate,Billing Increment\n44,0.02,{cell}\n")
    assert stored()["44"][3:] == seconds
