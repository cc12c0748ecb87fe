"""Countries that the carrier closes for our account: known before any phone rings."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from telephony.models import CarrierFault, DialingPermissions
from tests.people import staff
from tests.telephony.admin_actions import open_for_everyone
from tests.telephony.callers import OWN_PHONE, People, Person
from tests.telephony.refusals import error_of, refusal
from tests.telephony.sandbox import Sandbox
from tests.web.support_desk import desk_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
GERMAN = "+493012345678"


def test_closed_country_is_refused_before_anything_rings(
    caller: Person, closed: str, sandbox: Sandbox
) -> None:
    assert refusal(caller, GERMAN) == (403, "country_closed")
    assert error_of(caller.post("quote", to=GERMAN)) == "country_closed"
    checked = caller.post("numbers/check", number=GERMAN).json()
    assert (checked["callable"], checked["reason"]) == (False, "country_closed")
    assert sandbox.get("calls")["calls"] == []
    assert caller.call().status_code == 201
    assert "closed in spite of a price: DE" in closed


@pytest.mark.usefixtures("closed", "computer_calls")
def test_prices_of_a_closed_country_cannot_be_called(caller: Person) -> None:
    rates = caller.get("rates/DE").json()["rates"]
    assert {rate["total_per_minute"]["callback"] for rate in rates} == {None}
    assert {rate["total_per_minute"]["computer"] for rate in rates} == {None}
    page = Client().get("/rates").content.decode()
    row = page.partition("?q=DE")[2].partition("</tr>")[0]
    assert "cannot be called" in row
    assert "$" not in row
    assert "cannot be called" in Client().get("/rates", {"q": "DE"}).content.decode()
    assert "moby call" not in Client().get("/rates", {"q": GERMAN}).content.decode()
    assert "moby call" in Client().get("/rates", {"q": OWN_PHONE}).content.decode()


@pytest.mark.usefixtures("closed")
def test_phone_of_a_closed_country_is_neither_verified_nor_rung(
    person: People, charlie: User, sandbox: Sandbox
) -> None:
    german = person(charlie, phone="+4915112345678", dollars=20)
    assert refusal(german, OWN_PHONE) == (403, "country_closed")
    assert error_of(german.post("caller-ids", number=GERMAN)) == "country_closed"
    assert sandbox.get("calls")["calls"] == []
    assert not CarrierFault.objects.exists()


@pytest.mark.usefixtures("closed")
def test_opening_a_destination_does_not_open_it_at_the_carrier(caller: Person) -> None:
    assert "Done" in open_for_everyone(staff("operator"), "DE")
    assert refusal(caller, GERMAN) == (403, "country_closed")


@pytest.mark.usefixtures("closed")
def test_permissions_that_are_old_refuse_nothing(caller: Person) -> None:
    DialingPermissions.objects.update(read_at=timezone.now() - timedelta(hours=25))
    assert caller.post("quote", to=GERMAN).status_code == 200


@pytest.mark.usefixtures("closed")
def test_operators_see_which_countries_are_closed() -> None:
    listed = desk_of("operator").get("/admin/telephony/dialingpermissions/").content.decode()
    assert "CU DE" in listed
