"""The whole price of a rate, from the phone of the caller or from a country that is named."""

import pytest
from django.test import Client

from telephony.models import CallerId
from tests.telephony.callers import DESTINATION, Person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
NO_TOTAL = {"callback": None, "computer": None}


def test_whole_price_of_a_rate_is_that_of_the_quote(local_caller: Person) -> None:
    rates = local_caller.get("rates", number=DESTINATION).json()
    quoted = local_caller.post("quote", to=DESTINATION).json()
    checked = local_caller.post("numbers/check", number=DESTINATION).json()
    total = {"callback": quoted["price_per_minute"], "computer": None}
    assert total["callback"] == "0.042"
    assert rates["rates"][0]["total_per_minute"] == total
    assert (checked["total_per_minute"], quoted["total_per_minute"]) == (total, total)
    assert rates["rates"][0]["price_per_minute"] == checked["price_per_minute"] == "0.012"


@pytest.mark.usefixtures("deck")
def test_visitor_says_where_the_phone_is(client: Client) -> None:
    answer = client.get("/api/cli/v1/rates/GB", {"from": "United Kingdom"}).json()
    assert (answer["from"]["country"], answer["from"]["price_per_minute"]) == ("GB", "0.03")
    totals = [rate["total_per_minute"]["callback"] for rate in answer["rates"]]
    assert totals == ["0.042", "0.06"]
    assert (answer["your_phone"], answer["rates"][0]["buys_seconds"]) == (None, None)
    refused = client.get("/api/cli/v1/rates/GB", {"from": "Atlantis"}).json()
    assert refused["error"]["code"] == "unknown_country"


def test_stated_country_counts_before_the_own_phone(local_caller: Person) -> None:
    CallerId.objects.update(e164="+442079460001")  # a landline, whose side costs less
    own = local_caller.get("rates/GB").json()
    stated = local_caller.get("rates/GB", **{"from": "GB"}).json()
    assert own["rates"][0]["total_per_minute"]["callback"] == "0.024"
    assert stated["rates"][0]["total_per_minute"]["callback"] == "0.042"
    assert stated["rates"][0]["buys_seconds"] < own["rates"][0]["buys_seconds"]


def test_number_that_cannot_be_called_has_no_whole_price(local_caller: Person) -> None:
    satellite = local_caller.get("rates", number="+870773111632").json()["rates"][0]
    checked = local_caller.post("numbers/check", number="+870773111632").json()
    assert satellite["total_per_minute"] == checked["total_per_minute"] == NO_TOTAL
