"""Rate decks: what is refused, what is shown, and which price holds."""

import pytest
import time_machine
from django.test import Client

from accounts.models import Account
from telephony.models import CallerId
from telephony.pricing import CallPrice, Price
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.decks import Import, price_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]

NO_TOTAL = {"callback": None, "computer": None}


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


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize("country", ["GB", "gb", "United Kingdom"])
def test_rates_of_a_country_are_grouped(client: Client, country: str) -> None:
    answer = client.get(f"/api/cli/v1/rates/{country}").json()
    assert answer["country"] == "GB"
    assert answer["rates"] == [
        {
            "description": "United Kingdom", "kind": "fixed", "prefixes": ["44"],
            "price_per_minute": "0.012", "first_seconds": 60, "next_seconds": 60,
            "total_per_minute": NO_TOTAL, "buys_seconds": None,
        },
        {
            "description": "United Kingdom mobile", "kind": "mobile", "prefixes": ["447"],
            "price_per_minute": "0.03", "first_seconds": 30, "next_seconds": 6,
            "total_per_minute": NO_TOTAL, "buys_seconds": None,
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
    price = CallPrice(Price(30_000, 30, 6), Price(12_000, 60, 60), ring_seconds=45, dials=2)
    buys = local_caller.get("rates/GB").json()["rates"][0]["buys_seconds"]
    assert price.hold_micros(buys) <= 20_000_000 < price.hold_micros(buys + 60)


def test_rates_say_nothing_of_means_without_a_token_or_of_what_is_refused(
    local_caller: Person,
) -> None:
    anonymous = Client().get("/api/cli/v1/rates/GB").json()
    assert (anonymous["available"], anonymous["rates"][0]["buys_seconds"]) == (None, None)
    satellite = local_caller.get("rates", number="+870773111632").json()["rates"][0]
    assert satellite["buys_seconds"] is None
