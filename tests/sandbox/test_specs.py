"""Every answer, and every request of the SDKs, against the providers' published descriptions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from tests.provider_specs import load_checkers, needs_descriptions
from tests.sandbox.calls import bridge_to_charlie, call_alice
from tests.sandbox.checkout import create, pay, refund
from tests.sandbox.conftest import ALICE, CHARLIE, SERVICE_SID, TWIML_APP_SID, Receiver, Sandbox

# Resources that the sandbox plays and the kept descriptions leave out.
UNDESCRIBED = ("/v1/charges", "/v1/balance_transactions", "/v1/disputes", "/v1/radar")
pytestmark = needs_descriptions


@pytest.fixture(scope="module")
def checkers() -> dict[str, Any]:
    return load_checkers(strict_response=True)


def use_calls(sandbox: Sandbox, receiver: Receiver) -> None:
    bridge_to_charlie(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=60)
    sandbox.twilio.calls(sid).fetch()
    sandbox.twilio.calls.list(to=ALICE, limit=20)
    sandbox.twilio.applications(TWIML_APP_SID).fetch()
    with pytest.raises(TwilioRestException):
        sandbox.twilio.calls(sid).update(status="completed")


def use_caller_ids(sandbox: Sandbox, _receiver: Receiver) -> None:
    sandbox.twilio.validation_requests.create(phone_number=CHARLIE, friendly_name="Charlie")
    sandbox.wait_until_idle()
    with pytest.raises(TwilioRestException):
        sandbox.twilio.validation_requests.create(phone_number=CHARLIE)
    one = sandbox.twilio.outgoing_caller_ids.list(phone_number=CHARLIE)[0]
    one.fetch()
    one.delete()


def use_notifications(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("twilio", refused_callers=[{}])
    bridge_to_charlie(receiver)
    sid = call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    assert len(sandbox.twilio.calls(sid).notifications.list()) == 1
    sandbox.twilio.calls(sid).fetch()


def use_verify(sandbox: Sandbox, _receiver: Receiver) -> None:
    service = sandbox.twilio.verify.v2.services(SERVICE_SID)
    service.fetch()
    one = service.verifications.create(to=ALICE, channel="sms")
    service.verification_checks.create(to=ALICE, code="0000")
    service.verifications(one.sid).update(status="canceled")


def use_pricing(sandbox: Sandbox, _receiver: Receiver) -> None:
    voice = sandbox.twilio.pricing.v2.voice
    voice.countries.list()
    voice.countries("GB").fetch()


def use_checkout(sandbox: Sandbox, _receiver: Receiver) -> None:
    v1 = sandbox.stripe.v1
    session = create(sandbox, payment_method_options={"card": {"request_three_d_secure": "any"}})
    v1.checkout.sessions.expire(session.id)
    declined = create(sandbox, customer_email="alice@example.org")
    sandbox.post(f"stripe/sessions/{declined.id}/decline")
    v1.checkout.sessions.retrieve(declined.id, {"expand": ["payment_intent.latest_charge"]})
    v1.checkout.sessions.list()


def use_payments(sandbox: Sandbox, _receiver: Receiver) -> None:
    v1 = sandbox.stripe.v1
    intent = pay(sandbox)
    sandbox.post(f"stripe/charges/{intent}/dispute")
    made = refund(sandbox, intent, 500)
    sandbox.post(f"stripe/refunds/{made.id}/fail")
    v1.refunds.retrieve(made.id)
    v1.refunds.list()


@pytest.mark.parametrize(
    "use",
    [
        use_calls,
        use_caller_ids,
        use_notifications,
        use_verify,
        use_pricing,
        use_checkout,
        use_payments,
    ],
)
def test_exchanges_conform_to_the_published_descriptions(
    sandbox: Sandbox,
    receiver: Receiver,
    checkers: dict[str, Any],
    use: Callable[[Sandbox, Receiver], None],
) -> None:
    use(sandbox, receiver)
    checked = 0
    for exchange in sandbox.get("exchanges")["exchanges"]:
        if exchange["path"].startswith(UNDESCRIBED) or exchange["host"] not in checkers:
            print("not described:", exchange["method"], exchange["host"], exchange["path"])  # noqa: T201 - shown by pytest -rP
            continue
        response = json.loads(exchange["response"]) if exchange["response"] else None
        problems = checkers[exchange["host"]].check(exchange | {"response": response})
        assert problems == [], exchange["path"]
        checked += 1
    assert checked >= 3
