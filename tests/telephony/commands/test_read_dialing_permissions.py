"""The command that reads which countries the carrier calls for us."""

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from telephony.models import CarrierFault, DialingPermissions
from tests.telephony.callers import Person
from tests.telephony.printing import printed
from tests.telephony.refusals import refusal
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
GERMAN = "+493012345678"
READ = "read_dialing_permissions"


@pytest.mark.usefixtures("closed")
def test_country_that_opens_is_called_after_the_next_reading(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("twilio", closed_countries=[])
    assert refusal(caller, GERMAN)[1] == "country_closed"
    assert ", 0 closed" in printed(READ)
    assert caller.call(GERMAN).status_code == 201
    assert DialingPermissions.objects.count() == 1


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("kind", ["500", "empty", "malformed", "close"])
def test_answer_that_cannot_be_read_keeps_the_last_one(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(kind, "/DialingPermissions/Countries")
    assert "not read" in printed(READ)
    assert DialingPermissions.objects.get().closed_countries == "CU DE"


@pytest.mark.usefixtures("live")
def test_wrong_key_fails_the_command(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(CommandError, match="our own account"):
        printed(READ)
    assert CarrierFault.objects.get().code == 20003
