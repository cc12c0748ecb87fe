"""Requests of our gateway, checked against Twilio's published descriptions."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from mobayilo.lib.errors import ProductError
from telephony.twilio import gateway
from tests.provider_specs import load_checkers, needs_descriptions
from tests.telephony.callers import OWN_PHONE
from tests.telephony.sandbox import Sandbox

pytestmark = needs_descriptions


@pytest.fixture
def checkers() -> dict[str, Any]:
    return load_checkers()


def prove_a_phone(sandbox: Sandbox) -> None:
    for channel in ("sms", "call"):
        sid = gateway.start_verification(e164=OWN_PHONE, channel=channel)
    code = sandbox.code_for(OWN_PHONE)
    wrong = "0" * 6 if code != "0" * 6 else "1" * 6
    assert not gateway.check_code(verification_sid=sid, code=wrong)
    assert gateway.check_code(verification_sid=sid, code=code)


def cancel_a_code(sandbox: Sandbox) -> None:
    sid = gateway.start_verification(e164=OWN_PHONE, channel="sms")
    gateway.cancel_verification(sid)
    with pytest.raises(ProductError):
        gateway.cancel_verification(sid)


def place_a_call(sandbox: Sandbox) -> None:
    since = timezone.now() - timedelta(minutes=1)
    call = gateway.create_call(
        to=OWN_PHONE,
        twiml_url="http://localhost:9/webhooks/twilio/call/call_1/twiml",
        status_url="http://localhost:9/webhooks/twilio/call/call_1/status#rc=3&rp=ct,rt,5xx",
        ring_seconds=60,
        limit_seconds=110,
    )
    assert gateway.fetch_call(call.sid).sid == call.sid
    assert [c.sid for c in gateway.find_calls(to=OWN_PHONE, since=since)] == [call.sid]
    assert gateway.find_children(call.sid) == []
    assert list(gateway.calls_of_day(timezone.now().date())) == []  # it has not started
    assert gateway.end_call(call.sid, in_progress=False).status == "canceled"


def ask_for_prices(sandbox: Sandbox) -> None:
    assert "GB" in gateway.priced_countries()
    assert gateway.voice_prices("GB")
    assert gateway.check_verify_service()


def ask_for_what_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(ProductError):
        gateway.fetch_call("CA" + "0" * 32)


@pytest.mark.parametrize(
    "use",
    [prove_a_phone, cancel_a_code, place_a_call, ask_for_prices, ask_for_what_is_not_there],
)
def test_exchanges_conform_to_the_published_descriptions(
    sandbox: Sandbox, settings: Settings, checkers: dict[str, Any], use: Callable[[Sandbox], None]
) -> None:
    sandbox.post("speed", speed=1)
    settings.TWILIO_API_URL = sandbox.url
    use(sandbox)
    exchanges = sandbox.get("exchanges", provider="twilio")["exchanges"]
    assert exchanges
    for exchange in exchanges:
        exchange["response"] = json.loads(exchange["response"])
        assert checkers[exchange["host"]].check(exchange) == [], exchange["path"]
