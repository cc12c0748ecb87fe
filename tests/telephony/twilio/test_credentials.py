"""The API key, with which requests to Twilio are made, and the auth token, which signs webhooks."""

import pytest
from pytest_django import Settings

from mobayilo.lib.errors import ProductError
from telephony.twilio import gateway
from tests.telephony.callers import Person
from tests.telephony.refusals import error_of
from tests.telephony.sandbox import KEY_SECRET, KEY_SID, Sandbox
from tests.telephony.webhooks import send

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_requests_carry_the_key_and_fall_back_to_the_token(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.TWILIO_API_URL = sandbox.url
    assert gateway.priced_countries()  # by the token, since no key is set
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = KEY_SID, KEY_SECRET
    settings.TWILIO_AUTH_TOKEN = "wrong"
    assert gateway.priced_countries()
    with pytest.raises(ProductError):
        gateway.check_account()  # no standard key reads the account


def test_call_with_a_key_that_was_revoked_is_the_operators_fault(
    caller: Person, settings: Settings
) -> None:
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = KEY_SID, "revoked"
    assert error_of(caller.call()) == "provider_misconfigured"


def test_key_of_another_account_places_no_call(caller: Person, settings: Settings) -> None:
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = KEY_SID, KEY_SECRET
    settings.TWILIO_ACCOUNT_SID = "AC" + "9" * 32
    assert error_of(caller.call()) == "provider_misconfigured"


@pytest.mark.usefixtures("live")
def test_webhook_that_the_key_signed_is_refused(settings: Settings) -> None:
    path, base = "/webhooks/twilio/inbound", settings.PUBLIC_URL
    assert send(path, {"CallSid": "CA1"}, base=base, token=KEY_SECRET).status_code == 403
    signed = send(path, {"CallSid": "CA1"}, base=base, token=settings.TWILIO_AUTH_TOKEN)
    assert signed.status_code == 200
