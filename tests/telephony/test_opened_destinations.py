"""Destinations that an operator opens, for one account or for all."""

import pytest
from pytest_django import Settings

from accounts.models import AuditEvent, User
from telephony.models import OpenedDestination
from tests.billing.admin_actions import decide, second
from tests.people import staff
from tests.telephony.admin_actions import act, open_for, open_for_everyone
from tests.telephony.callers import Person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
MALDIVES, BERLIN = "+9606701234", "+493012345678"


def code_of(caller: Person, to: str) -> str:
    return str(caller.post("numbers/check", number=to).json()["reason"])


def test_operator_opens_a_closed_country_for_one_account(
    local_caller: Person, charlie: User, settings: Settings
) -> None:
    settings.CLOSED_COUNTRIES = ["DE"]
    account = local_caller.user.account
    assert code_of(local_caller, BERLIN) == "country_closed"
    assert open_for(staff("support"), "Germany", account.public_id) == 403
    operator = staff("operator")
    assert open_for(operator, "Germany", account.public_id) == 302
    assert code_of(local_caller, BERLIN) == "None"
    assert open_for(operator, "DE", account.public_id) == 200  # says that it is open already
    event = AuditEvent.objects.get(action="destination.opened", account=account)
    assert (event.user, event.facts["destination"]) == (operator, "DE")
    act(operator, "close", OpenedDestination.objects.get())
    assert code_of(local_caller, BERLIN) == "country_closed"


@pytest.mark.parametrize(("prefix", "reason"), [("+960 67", "None"), ("+9607", "price_too_high")])
def test_dear_prefix_is_opened_for_every_user(
    local_caller: Person, prefix: str, reason: str
) -> None:
    assert code_of(local_caller, MALDIVES) == "price_too_high"
    operator = staff("operator")
    assert open_for(operator, prefix) == 302
    assert code_of(local_caller, MALDIVES) == "price_too_high"
    assert "opened for every account" in decide(second("operator"))
    assert code_of(local_caller, MALDIVES) == reason


def test_opening_one_account_opens_no_other(
    local_caller: Person, charlie: User, settings: Settings
) -> None:
    settings.CLOSED_COUNTRIES = ["DE"]
    open_for(staff("operator"), "DE", charlie.account.public_id)
    assert code_of(local_caller, BERLIN) == "country_closed"


def test_kinds_that_pay_their_owner_stay_closed(local_caller: Person) -> None:
    assert "Done" in open_for_everyone(staff("operator"), "+4490")
    assert code_of(local_caller, "+449098790879") == "destination_blocked"
