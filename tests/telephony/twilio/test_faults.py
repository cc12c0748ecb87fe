"""Faults of our account at Twilio: plain words for customers, the code and remedy for operators."""

import logging

import pytest

from accounts.models import User
from telephony.models import Call, CarrierFault
from telephony.twilio.faults import remedy_of
from tests.mobayilo.overview.support.pages import TODAY
from tests.telephony.callers import OWN_PHONE, People, Person
from tests.telephony.refusals import error_of
from tests.telephony.sandbox import Sandbox
from tests.web.support_desk import desk_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

# 20008 is none of our list, and comes with the HTTP status 403.
OPERATORS_CODES = [10001, 20003, 20008, 21203, 21210, 21212, 21219, 70051, 573005, 575001]


@pytest.mark.parametrize("code", OPERATORS_CODES)
def test_call_refused_because_of_our_account_is_named_to_the_operator(
    caller: Person, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    sandbox.phone(OWN_PHONE, call_error=code)
    with caplog.at_level(logging.ERROR):
        refused = caller.call()
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (503, "provider_misconfigured")
    assert "our own account" in error["message"]
    assert str(code) not in str(error)
    fault = CarrierFault.objects.get()
    assert (fault.code, fault.what, fault.count) == (code, "place a call", 1)
    (logged,) = [one for one in caplog.records if one.msg == "twilio account at fault"]
    assert (vars(logged)["code"], vars(logged)["remedy"]) == (code, remedy_of(code))
    assert (Call.objects.get().cost_micros, caller.balance.held_micros) == (0, 0)


def test_trial_account_calls_no_one_and_sends_no_code(
    caller: Person, person: People, bob: User, sandbox: Sandbox
) -> None:
    sandbox.post("twilio", account_type="Trial")
    assert error_of(caller.call()) == "provider_misconfigured"
    assert error_of(caller.call()) == "provider_misconfigured"
    asked = person(bob).post("caller-ids", number="+447400123457")
    assert error_of(asked) == "provider_misconfigured"
    assert {f.code: f.count for f in CarrierFault.objects.all()} == {21219: 2, 21608: 1}


@pytest.mark.parametrize(
    ("account", "phone", "expected", "faults"),
    [
        ({"profile": "draft"}, "+12025550123", "provider_misconfigured", [(21216, "")]),
        ({"closed_countries": ["GB"]}, OWN_PHONE, "country_closed", [(21215, "GB")]),
        ({"high_risk_prefixes": ["+4474"]}, OWN_PHONE, "destination_blocked", []),
        ({"high_risk_prefixes": ["+1876"]}, "+18765550123", "destination_blocked", []),
    ],
)
def test_refusal_of_the_own_phone_depends_on_whose_fault_it_is(
    person: People, alice: User, sandbox: Sandbox,
    account: dict[str, object], phone: str, expected: str, faults: list[tuple[int, str]],
) -> None:  # fmt: skip
    somebody = person(alice, phone=phone, dollars=20)
    sandbox.post("twilio", **account)
    assert error_of(somebody.call()) == expected
    assert [(f.code, f.country) for f in CarrierFault.objects.all()] == faults


def test_operators_see_each_fault_with_its_remedy(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("twilio", closed_countries=["GB"])
    caller.call()
    desk = desk_of("operator")
    today = desk.get(TODAY).content.decode()
    assert "Faults of our account at the carrier today</a> <strong>1</strong>" in today
    listed = desk.get("/admin/telephony/carrierfault/").content.decode()
    assert "21215" in listed
    assert "Geo permissions" in listed


@pytest.mark.parametrize("code", [*OPERATORS_CODES, 0, 60223])
def test_each_fault_has_a_remedy(code: int) -> None:
    assert remedy_of(code).endswith(".")
