"""Verify: codes that are sent, sent again, checked, and used up."""

import re
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types

from tests.sandbox.conftest import ALICE, CHARLIE, SERVICE_SID, Sandbox


def service(sandbox: Sandbox) -> Any:  # noqa: ANN401 - the SDK has no types
    return sandbox.twilio.verify.v2.services(SERVICE_SID)


def codes_sent_to(sandbox: Sandbox, number: str) -> list[str]:
    return [message["code"] for message in sandbox.get("messages", to=number)["messages"]]


def test_code_on_the_phone_is_approved_once(sandbox: Sandbox) -> None:
    verification = service(sandbox).verifications.create(to=ALICE, channel="sms")
    message = sandbox.get("messages", to=ALICE)["messages"][0]
    assert re.fullmatch(r"Your Mobayilo verification code is: \d{6}", message["body"])
    checks = service(sandbox).verification_checks
    check = checks.create(verification_sid=verification.sid, code=message["code"])
    assert (check.status, check.valid) == ("approved", True)
    with pytest.raises(TwilioRestException) as gone:
        checks.create(verification_sid=verification.sid, code=message["code"])
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_code_stays_the_same_until_it_expires(sandbox: Sandbox) -> None:
    first = service(sandbox).verifications.create(to=ALICE, channel="sms")
    again = service(sandbox).verifications.create(to=ALICE, channel="call")
    sandbox.post("advance", seconds=601)
    later = service(sandbox).verifications.create(to=ALICE, channel="sms")
    codes = codes_sent_to(sandbox, ALICE)
    assert first.sid == again.sid != later.sid
    assert codes[0] == codes[1]
    assert len(again.send_code_attempts) == 2


def test_sixth_sending_is_refused(sandbox: Sandbox) -> None:
    for _ in range(5):
        service(sandbox).verifications.create(to=ALICE, channel="sms")
    with pytest.raises(TwilioRestException) as refused:
        service(sandbox).verifications.create(to=ALICE, channel="sms")
    assert (refused.value.status, refused.value.code) == (429, 60203)


def test_sixth_check_is_refused_even_if_right(sandbox: Sandbox) -> None:
    service(sandbox).verifications.create(to=ALICE, channel="sms")
    code = codes_sent_to(sandbox, ALICE)[0]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    checks = service(sandbox).verification_checks
    for _ in range(5):
        assert checks.create(to=ALICE, code=wrong).status == "pending"
    with pytest.raises(TwilioRestException) as refused:
        checks.create(to=ALICE, code=code)
    assert (refused.value.status, refused.value.code) == (429, 60202)


@pytest.mark.parametrize(("to", "channel"), [("+1", "sms"), ("hello", "sms"), (ALICE, "pigeon")])
def test_wrong_parameters_are_refused(sandbox: Sandbox, to: str, channel: str) -> None:
    with pytest.raises(TwilioRestException) as refused:
        service(sandbox).verifications.create(to=to, channel=channel)
    assert (refused.value.status, refused.value.code) == (400, 60200)


def test_landline_takes_a_call_but_no_sms(sandbox: Sandbox) -> None:
    with pytest.raises(TwilioRestException) as refused:
        service(sandbox).verifications.create(to=CHARLIE, channel="sms")
    assert refused.value.code == 60205
    assert service(sandbox).verifications.create(to=CHARLIE, channel="call").status == "pending"


@pytest.mark.parametrize(("code", "status"), [(60410, 403), (60605, 403), (20429, 429)])
def test_refusal_on_demand(sandbox: Sandbox, code: int, status: int) -> None:
    sandbox.post("numbers", number=ALICE, verify_error=code)
    with pytest.raises(TwilioRestException) as refused:
        service(sandbox).verifications.create(to=ALICE, channel="sms")
    assert (refused.value.status, refused.value.code) == (status, code)


def test_canceled_verification_is_gone(sandbox: Sandbox) -> None:
    verification = service(sandbox).verifications.create(to=ALICE, channel="sms")
    canceled = service(sandbox).verifications(verification.sid).update(status="canceled")
    assert canceled.status == "canceled"
    with pytest.raises(TwilioRestException) as gone:
        service(sandbox).verification_checks.create(to=ALICE, code="000000")
    assert gone.value.code == 20404
