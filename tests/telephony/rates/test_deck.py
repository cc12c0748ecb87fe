"""Rate decks: what is refused, what is shown, and which price holds."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Account
from mobayilo.lib.errors import ProductError
from telephony.models import CallerId, Rate, RateDeck
from telephony.pricing import CallPrice, Price
from telephony.rates.deck import find_rate
from tests.telephony.conftest import DECK, DESTINATION, HEADER, Person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
ROOT = Path(__file__).resolve().parents[3]
Import = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path) -> Import:
    """Imports rows under the header and returns what the command printed."""

    def run(rows: str, *options: str, name: str = "deck.csv") -> str:
        path = tmp_path / name
        path.write_text(HEADER + rows)
        printed = StringIO()
        call_command("import_rates", str(path), *options, stdout=printed)
        return printed.getvalue()

    return run


GOOD = "44,United Kingdom,GB,fixed,0.012,60,60,\n"


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
    path.write_text("prefix;price\n44;0.01\n")
    with pytest.raises(CommandError, match="the first line must be"):
        call_command("import_rates", str(path))


def test_import_shows_what_changes_before_it_does(load: Import) -> None:
    load(GOOD + "33,France,FR,fixed,0.02,60,60,\n")
    shown = load("44,United Kingdom,GB,fixed,0.02,30,6,\n33,France,FR,fixed,0.02,60,60,\n"
                 "353,Ireland,IE,fixed,0.03,60,60,\n")  # fmt: skip
    assert "3 rates: 1 added, 0 removed, 1 changed" in shown
    assert "~ +44 United Kingdom: $0.012 60/60 → $0.02 30/6" in shown
    assert "+ +353 Ireland $0.03 60/60" in shown


def test_dry_run_stores_nothing(load: Import) -> None:
    assert "Dry run" in load(GOOD, "--dry-run")
    assert not RateDeck.objects.exists()


def test_same_file_twice_is_one_deck(load: Import) -> None:
    load(GOOD)
    assert "nothing to do" in load(GOOD)
    assert RateDeck.objects.count() == 1


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


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize(
    ("number", "prefix"),
    [("+442079460018", "44"), ("+447400123456", "447"), ("+4915112345678", "4915")],
)
def test_longest_prefix_wins(number: str, prefix: str) -> None:
    rate = find_rate(number)
    assert rate is not None
    assert rate.prefix == prefix


@pytest.mark.usefixtures("deck")
def test_number_without_a_prefix_has_no_rate() -> None:
    assert find_rate("+81312345678") is None


def test_future_price_holds_from_its_instant(load: Import) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        load(
            "44,United Kingdom,GB,fixed,0.012,60,60,\n"
            "44,United Kingdom,GB,fixed,0.015,60,60,2026-12-01\n"
        )
        assert price_of("+442079460018") == 12_000
    with time_machine.travel("2026-11-30T23:59:59Z", tick=False):
        assert price_of("+442079460018") == 12_000
    with time_machine.travel("2026-12-01T00:00:00Z", tick=False):
        assert price_of("+442079460018") == 15_000


def test_newer_deck_replaces_the_older_in_every_process(load: Import) -> None:
    load(GOOD)
    assert price_of("+442079460018") == 12_000
    load("44,United Kingdom,GB,fixed,0.014,60,60,\n")
    assert price_of("+442079460018") == 14_000
    RateDeck.objects.latest("id").delete()
    assert price_of("+442079460018") == 12_000


def price_of(number: str) -> int:
    rate = find_rate(number)
    assert rate is not None
    return rate.price.micros_per_minute


def test_sample_deck_is_refused_in_production(settings: Settings) -> None:
    settings.IS_LOCAL = False
    with pytest.raises(CommandError, match="sample"):
        call_command("import_rates", str(ROOT / "telephony/decks/sample.csv"))


def test_sample_deck_of_a_laptop_prices_nothing_in_public(load: Import, settings: Settings) -> None:
    load("# a sample\n" + GOOD.replace("0.012", "0.001"))
    assert price_of("+442079460018") == 1_000
    settings.IS_LOCAL = False
    with pytest.raises(ProductError, match="No prices"):
        find_rate("+442079460018")
    assert "telephony.E007" in problems_of_deployment()
    assert "1 added" in load(GOOD)  # and no jump from what never was in force
    assert price_of("+442079460018") == 12_000
    assert "telephony.E007" not in problems_of_deployment()


def problems_of_deployment() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_sample_deck_is_imported_on_a_laptop() -> None:
    call_command("import_rates", str(ROOT / "telephony/decks/sample.csv"), stdout=StringIO())
    deck = RateDeck.objects.get()
    assert deck.is_sample
    assert deck.row_count == Rate.objects.count() > 1000


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize("country", ["GB", "gb", "United Kingdom"])
def test_rates_of_a_country_are_grouped(client: Client, country: str) -> None:
    answer = client.get(f"/api/cli/v1/rates/{country}").json()
    assert answer["country"] == "GB"
    assert answer["rates"] == [
        {
            "description": "United Kingdom", "kind": "fixed", "prefixes": ["44"],
            "price_per_minute": "0.012", "first_seconds": 60, "next_seconds": 60,
            "buys_seconds": None,
        },
        {
            "description": "United Kingdom mobile", "kind": "mobile", "prefixes": ["447"],
            "price_per_minute": "0.03", "first_seconds": 30, "next_seconds": 6,
            "buys_seconds": None,
        },
    ]  # fmt: skip


@pytest.mark.usefixtures("deck")
def test_rate_of_a_number(client: Client) -> None:
    answer = client.get("/api/cli/v1/rates", {"number": "+447400123456"}).json()
    assert [rate["prefixes"] for rate in answer["rates"]] == [["447"]]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("rates/Atlantis", 400, "unknown_country"),
        ("rates?number=nonsense", 400, "invalid_number"),
        (f"rates?number={'+442079460018':90}x", 400, "invalid_number"),
        ("rates", 400, "invalid_request"),
    ],
)
@pytest.mark.usefixtures("deck")
def test_rates_of_nothing_known_are_refused(
    client: Client, path: str, status: int, code: str
) -> None:
    answer = client.get(f"/api/cli/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_without_a_deck_nothing_has_a_price(client: Client) -> None:
    assert client.get("/api/cli/v1/rates/GB").json()["error"]["code"] == "no_rate"


def test_deck_of_these_tests_is_valid(load: Import) -> None:
    load(DECK.removeprefix(HEADER))
    assert RateDeck.objects.get().row_count == 7


def test_number_is_read_in_the_country_asked_for(local_caller: Person) -> None:
    national = {"number": "020 7946 0018"}
    assert Client().get("/api/cli/v1/rates", national).json()["error"]["code"] == "country_required"
    stated = Client().get("/api/cli/v1/rates", {**national, "country": "GB"}).json()
    assert [rate["prefixes"] for rate in stated["rates"]] == [["44"]]
    Account.objects.update(default_country="GB")
    assert local_caller.get("rates", **national).json()["country"] == "GB"


def test_what_the_balance_buys_counts_both_legs(local_caller: Person) -> None:
    answer = local_caller.get("rates/GB").json()
    assert (answer["available"], answer["your_phone"]["price_per_minute"]) == ("20.00", "0.03")
    for rate, to in zip(answer["rates"], (DESTINATION, "+447400123999"), strict=True):
        quoted = local_caller.post("quote", to=to).json()
        assert rate["buys_seconds"] >= quoted["max_seconds"]
    CallerId.objects.all().delete()
    assert local_caller.get("rates/GB").json()["your_phone"] is None


def test_longest_call_on_the_balance_is_what_it_buys(local_caller: Person) -> None:
    price = CallPrice(Price(30_000, 30, 6), Price(12_000, 60, 60), ring_seconds=45)
    buys = local_caller.get("rates/GB").json()["rates"][0]["buys_seconds"]
    assert price.hold_micros(buys) <= 20_000_000 < price.hold_micros(buys + 60)


def test_rates_say_nothing_of_means_without_a_token_or_of_what_is_refused(
    local_caller: Person,
) -> None:
    anonymous = Client().get("/api/cli/v1/rates/GB").json()
    assert (anonymous["available"], anonymous["rates"][0]["buys_seconds"]) == (None, None)
    satellite = local_caller.get("rates", number="+870773111632").json()["rates"][0]
    assert satellite["buys_seconds"] is None
