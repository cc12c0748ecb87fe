"""A <Dial> that the carrier refuses for another reason than the number to show."""

import pytest
from pytest_django import Settings

from telephony.models import Call, CarrierFault
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import dialled, play

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
GERMAN = "+493012345678"
TRACES = [{}, {"code": True}, {"sid": True, "code": True}, {"sid": True}, {"action": False}]
REFUSALS = [
    ({"closed_countries": ["DE"]}, "country_closed", 13227, [(13227, "DE")]),
    ({"high_risk_prefixes": ["+4930"]}, "destination_blocked", 13225, []),
]


@pytest.mark.parametrize("traces", TRACES, ids=str)
@pytest.mark.parametrize(("account", "reason", "code", "faults"), REFUSALS)
def test_refused_dial_ends_with_its_reason_at_no_cost(
    caller: Person, sandbox: Sandbox, traces: dict[str, bool],
    account: dict[str, object], reason: str, code: int, faults: list[tuple[int, str]],
) -> None:  # fmt: skip
    sandbox.post("twilio", refused_dial=traces, **account)
    call = play(caller, sandbox, to=GERMAN)
    assert (call["state"], call["end_reason"], call["cost"]) == ("failed", reason, "0.00")
    assert call["receipt"]["shown_number"] is None
    assert (call["own_number_refused"], caller.balance.held_micros) == (False, 0)
    assert Call.objects.get().dial_error == code
    assert [(f.code, f.country) for f in CarrierFault.objects.all()] == faults


def test_refused_dial_costs_nothing_after_the_free_attempts(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    settings.FREE_ATTEMPTS_PER_DAY, settings.CHARGE_UNANSWERED_CALLS = 1, True
    sandbox.post("twilio", high_risk_prefixes=["+4930"])
    costs = [play(caller, sandbox, to=GERMAN)["cost"] for _ in range(2)]
    assert costs == ["0.00", "0.00"]


def test_account_that_became_a_trial_is_named_when_the_dial_fails(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("speed", speed=0.1)
    call_id = caller.call().json()["call_id"]
    sandbox.post("twilio", account_type="Trial")
    sandbox.post("speed", speed=100)
    call = caller.final(call_id)
    assert (call["end_reason"], call["cost"]) == ("provider_misconfigured", "0.00")
    assert CarrierFault.objects.get().what == "dial the other phone"


def test_second_dial_may_be_refused_for_another_reason(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("twilio", refused_callers=[{}])
    sandbox.post("webhooks/rules", pattern="*dial_action", action="duplicate")
    sandbox.post("twilio", high_risk_prefixes=[DESTINATION])
    call = play(caller, sandbox)
    assert call["end_reason"] == "destination_blocked"
    assert dialled(sandbox) == []
    assert Call.objects.get().number_refusals == 1
