"""Outgoing caller IDs, and the prices of the list."""

from decimal import Decimal

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from sandbox.twilio.prices import PriceList
from tests.sandbox.conftest import CHARLIE, OUR_NUMBER, Receiver, Sandbox, wait_for


def validate(sandbox: Sandbox, receiver: Receiver) -> None:
    request = sandbox.twilio.validation_requests.create(
        phone_number=CHARLIE, friendly_name="Charlie", status_callback=f"{receiver.url}/validated"
    )
    assert len(request.validation_code) == 6
    sandbox.wait_until_idle()


def test_code_that_is_keyed_in_validates_the_number(sandbox: Sandbox, receiver: Receiver) -> None:
    validate(sandbox, receiver)
    one = sandbox.twilio.outgoing_caller_ids.list(phone_number=CHARLIE)[0]
    told = receiver.at("/validated")[0].fields
    assert (told["VerificationStatus"], told["OutgoingCallerIdSid"]) == ("success", one.sid)
    call = sandbox.twilio.calls.create(to=OUR_NUMBER, from_=CHARLIE, twiml="<Response/>")
    assert call.status == "queued"


def test_code_that_is_not_keyed_in_fails(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("numbers", number=CHARLIE, keys_in_code=False)
    validate(sandbox, receiver)
    assert receiver.at("/validated")[0].fields["VerificationStatus"] == "failed"
    assert sandbox.twilio.outgoing_caller_ids.list() == []


def test_deleted_caller_id_is_no_longer_ours(sandbox: Sandbox, receiver: Receiver) -> None:
    validate(sandbox, receiver)
    one = wait_for(lambda: sandbox.twilio.outgoing_caller_ids.list())[0]
    assert one.delete()
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.calls.create(to=OUR_NUMBER, from_=CHARLIE, twiml="<Response/>")
    assert refused.value.code == 21210


def test_bought_numbers_are_found_by_a_part(sandbox: Sandbox) -> None:
    owned = sandbox.twilio.incoming_phone_numbers
    assert [one.phone_number for one in owned.list(phone_number=OUR_NUMBER[1:8])] == [OUR_NUMBER]
    assert owned.list()[0].capabilities["voice"] is True
    assert owned.list(phone_number=CHARLIE) == []


def test_prices_depend_on_destination_and_origin() -> None:
    price = PriceList().per_minute
    assert price("+442079460018", origin="+12025550100") == Decimal("0.0158")
    assert price("+447400123456", origin="+447400654321") == Decimal("0.0290")
    assert price("+447400123456", origin="+12025550100") == Decimal("0.0610")


def test_every_country_has_a_name_and_a_price(sandbox: Sandbox) -> None:
    voice = sandbox.twilio.pricing.v2.voice
    countries = voice.countries.list()
    assert len(countries) == len({country.iso_country for country in countries}) > 200
    for country in countries[::40]:
        found = voice.countries(country.iso_country).fetch()
        assert found.outbound_prefix_prices[0]["destination_prefixes"]
