"""Phones that the account may not call: refused at the API and at a <Dial>."""

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from tests.sandbox.calls import bridge_to_charlie, call_alice
from tests.sandbox.conftest import ALICE, CHARLIE, OUR_NUMBER, SERVICE_SID, Receiver, Sandbox

AMERICAN = "+12025550123"
REFUSALS = [
    ({"closed_countries": ["US"]}, AMERICAN, 21215, 13227),
    ({"high_risk_prefixes": ["+442079"]}, CHARLIE, 21216, 13225),
    ({"profile": "draft"}, AMERICAN, 21216, 21216),
    ({"account_type": "Trial"}, CHARLIE, 21219, 21219),
]


@pytest.mark.parametrize(("account", "number", "api_code"), [row[:3] for row in REFUSALS])
def test_api_refuses_a_phone_that_the_account_may_not_call(
    sandbox: Sandbox, account: dict[str, object], number: str, api_code: int
) -> None:
    call = {"to": number, "from_": OUR_NUMBER, "twiml": "<Response/>"}
    sandbox.twilio.calls.create(**call)
    sandbox.post("twilio", **account)
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.calls.create(**call)
    assert (refused.value.status, refused.value.code) == (400, api_code)


@pytest.mark.parametrize(("account", "number", "dial_code"), [(a, n, d) for a, n, _, d in REFUSALS])
def test_dial_to_a_phone_that_the_account_may_not_call_rings_no_one(
    sandbox: Sandbox, receiver: Receiver, account: dict[str, object], number: str, dial_code: int
) -> None:
    sandbox.twilio.validation_requests.create(phone_number=ALICE)  # a trial account may call her
    sandbox.wait_until_idle()
    sandbox.post("twilio", **account, refused_dial={"code": True})
    bridge_to_charlie(receiver, to=number)
    call_alice(sandbox, receiver)
    sandbox.wait_until_idle()
    (asked,) = receiver.at("/after")
    assert (asked.fields["DialCallStatus"], asked.fields["ErrorCode"]) == ("failed", str(dial_code))
    assert sandbox.get("calls", number=number)["calls"] == []
    assert [one["error_code"] for one in sandbox.get("troubles")["troubles"]] == [str(dial_code)]


def test_trial_account_sends_codes_to_registered_numbers_only(sandbox: Sandbox) -> None:
    sandbox.post("twilio", account_type="Trial")
    verifications = sandbox.twilio.verify.v2.services(SERVICE_SID).verifications
    with pytest.raises(TwilioRestException) as refused:
        verifications.create(to=ALICE, channel="sms")
    assert refused.value.code == 21608
    sandbox.twilio.validation_requests.create(phone_number=ALICE)
    sandbox.wait_until_idle()
    assert verifications.create(to=ALICE, channel="sms").status == "pending"


def test_all_dialing_permissions_are_listed_page_by_page(sandbox: Sandbox) -> None:
    sandbox.post("twilio", closed_countries=["DE"])
    countries = sandbox.twilio.voice.v1.dialing_permissions.countries
    listed = {one.iso_code: one.low_risk_numbers_enabled for one in countries.list(page_size=20)}
    assert len(listed) > 100
    assert [iso for iso, is_open in listed.items() if not is_open] == ["DE"]
