"""Prices that depend on the number shown: how they are chosen, compared, listed and quoted."""

from pathlib import Path

import pytest
from django.core.management import CommandError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from telephony.models import CallerId
from telephony.pricing import Price
from telephony.rates.deck import PriceTable, RateRow
from tests.telephony.callers import Person
from tests.telephony.decks import DECK, HEADER
from tests.telephony.printing import printed
from tests.telephony.shown import ALWAYS, OPERATOR, SOURCE, load_rules

pytestmark = [pytest.mark.db, pytest.mark.django_db]
MOBILE = "+447400654321"
FROM_EUROPE = "447,United Kingdom mobile,GB,mobile,0.02,30,6,,33 44 353\n"
OURS_IN_GB = "+442079460099"


def import_text(folder: Path, rows: str) -> str:
    path = folder / "deck.csv"
    header = HEADER.replace("\n", ",shown_prefixes\n")
    path.write_text(header + DECK.removeprefix(HEADER).replace(",\n", ",,\n") + rows)
    return printed("import_rates", str(path))


@pytest.fixture
def prices(local_caller: Person, tmp_path: Path) -> Person:
    """A mobile in GB costs $0.03 a minute, and $0.02 where the number shown is European."""
    import_text(tmp_path, FROM_EUROPE)
    return local_caller


DIGITS = st.text("12", max_size=4)
TABLES = st.dictionaries(
    st.tuples(st.text("12", min_size=1, max_size=4), st.sets(DIGITS, max_size=2).map(frozenset)),
    st.integers(0, 99),
    max_size=12,
)


@given(TABLES, st.text("12", min_size=1, max_size=6), DIGITS)
def test_longest_prefix_that_has_a_price_for_the_number_shown_counts(
    prices: dict[tuple[str, frozenset[str]], int], called: str, shown: str
) -> None:
    rows = [
        RateRow(prefix, "", "", "", Price(micros, 60, 60), " ".join(sorted(one - {""})))
        for (prefix, one), micros in prices.items()
    ]
    fitting = [
        (len(row.prefix), length, place)
        for place, row in enumerate(rows)
        for length in map(len, row.shown_prefixes.split() or [""])
        if called.startswith(row.prefix)
        and any(
            shown.startswith(p) and len(p) == length for p in row.shown_prefixes.split() or [""]
        )
    ]
    expected = rows[max(fitting)[2]] if fitting else None
    assert PriceTable(rows).find(called, shown) is expected


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (FROM_EUROPE * 2, "prefix 447 occurs twice"),
        (FROM_EUROPE + FROM_EUROPE.replace("33 44 353", "44 49"), "prefix 447 occurs twice"),
        (FROM_EUROPE.replace("33 44", "EEA"), "'EEA' is no prefix of numbers shown"),
        (FROM_EUROPE.replace("33", " ".join(map(str, range(1000, 1300)))), "over 1000 letters"),
    ],
)
def test_prices_that_contradict_each_other_are_refused(
    tmp_path: Path, rows: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        import_text(tmp_path, rows)


def test_change_names_the_numbers_shown_once(prices: Person, tmp_path: Path) -> None:
    shown = import_text(tmp_path, FROM_EUROPE.replace("0.02", "0.01"))
    assert shown.count("+447") == 1
    assert "$0.02 30/6 → $0.01 30/6 where the number shown begins with 33 353 44" in shown
    # 353 has no price of its own any more, and so that of every other number.
    narrower = import_text(tmp_path, FROM_EUROPE.replace("0.02", "0.01").replace(" 353", ""))
    assert narrower.count("→") == 1
    assert "$0.01 30/6 → $0.03 30/6" in narrower


@pytest.mark.parametrize(
    ("rule", "promise"),
    [
        ([ALWAYS], ("0.02", None)),  # the operator's number would cost more than is quoted
        ([f"*,*,never,,{SOURCE}"], ("0.03", None)),
        ([ALWAYS, f"*,GB,,{OURS_IN_GB},{SOURCE}"], ("0.02", OURS_IN_GB)),
        ([f"*,*,never,{OURS_IN_GB},{SOURCE}"], ("0.02", None)),
    ],
)
def test_number_shown_sets_the_price(
    prices: Person, tmp_path: Path, rule: list[str], promise: tuple[str, str | None]
) -> None:
    load_rules(tmp_path, *rule)
    quoted = prices.post("quote", to=MOBILE).json()
    assert (quoted["legs"][1]["price_per_minute"], quoted["fallback_number"]) == promise
    assert quoted["legs"][0]["price_per_minute"] == "0.03"  # rung from the operator's number
    checked = prices.post("numbers/check", number=MOBILE).json()
    listed = prices.get("rates", number=MOBILE).json()["rates"][0]
    for answer in (checked, listed):
        assert answer["price_per_minute"] == promise[0]
        assert answer["total_per_minute"] == quoted["total_per_minute"]


def test_cheaper_number_in_reserve_keeps_the_price_quoted(prices: Person, tmp_path: Path) -> None:
    CallerId.objects.update(e164="+12025550123", country="US")
    load_rules(tmp_path, ALWAYS, f"*,GB,,{OURS_IN_GB},{SOURCE}")
    quoted = prices.post("quote", to=MOBILE).json()
    assert (quoted["shown_number"], quoted["fallback_number"]) == ("+12025550123", OURS_IN_GB)
    assert quoted["legs"][1]["price_per_minute"] == "0.03"


@pytest.mark.usefixtures("prices", "computer_calls")
def test_mode_that_shows_another_number_has_another_price(prices: Person, tmp_path: Path) -> None:
    import_text(tmp_path, FROM_EUROPE + "0,Through the computer,001,internet,0.006,1,1,,\n")
    both = {"callback": "0.05", "computer": "0.036"}
    for mode in ("callback", "computer"):
        quoted = prices.post("quote", to=MOBILE, mode=mode).json()
        assert (quoted["price_per_minute"], quoted["total_per_minute"]) == (both[mode], both)
    rates = prices.get("rates/GB").json()["rates"]
    assert [rate["total_per_minute"] for rate in rates if rate["kind"] == "mobile"] == [both]


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(("origin", "total"), [("GB", "0.05"), ("US", "0.04")])
def test_price_list_is_for_the_number_that_a_caller_shows(
    client: Client, origin: str, total: str
) -> None:
    rates = client.get("/api/cli/v1/rates/GB", {"from": origin}).json()["rates"]
    mobile = next(rate for rate in rates if rate["kind"] == "mobile")
    assert mobile["total_per_minute"]["callback"] == total
    page = client.get("/rates", {"q": "GB", "from": origin}).text
    assert f"${total}" in page


@pytest.mark.usefixtures("prices")
def test_number_that_can_be_two_has_the_price_of_each(prices: Person, tmp_path: Path) -> None:
    Account.objects.update(default_country="NG")
    import_text(tmp_path, FROM_EUROPE + "1901,United States,US,fixed,0.005,1,1,,44\n")
    refusal = prices.post("quote", to="00919012345678").json()["error"]
    assert refusal["details"]["candidates"][1]["price_per_minute"] == "0.005"
    assert prices.post("quote", to="+19012345678").json()["shown_number"] != OPERATOR
