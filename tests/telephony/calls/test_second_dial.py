"""A number that the carrier refuses to show, and the second <Dial> that follows."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from telephony.models import Call
from telephony.phones.shown import REFUSAL_REMEMBERED
from tests.telephony.callers import DESTINATION, OWN_PHONE, People, Person
from tests.telephony.printing import printed
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.shown import OPERATOR, dialled, play, refuse

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
TRACES = [
    pytest.param({}, id="action alone"),
    pytest.param({"code": True}, id="code"),
    pytest.param({"sid": True, "code": True}, id="SID and code"),
]


@pytest.mark.parametrize("traces", TRACES)
def test_call_goes_on_with_the_operators_number(
    caller: Person, sandbox: Sandbox, traces: dict[str, bool]
) -> None:
    refuse(sandbox, {}, **traces)
    quoted = caller.post("quote", to=DESTINATION).json()
    assert (quoted["shown_number"], quoted["fallback_number"]) == (OWN_PHONE, OPERATOR)
    call = play(caller, sandbox)
    assert (call["state"], call["duration_seconds"]) == ("completed", 30)
    assert (call["shown_number"], call["own_number_refused"]) == (OPERATOR, True)
    assert call["receipt"]["shown_number"] == OPERATOR
    assert dialled(sandbox) == [OPERATOR]
    call_command("audit_ledger")


@pytest.mark.parametrize("traces", TRACES)
def test_call_that_may_show_one_number_alone_fails(
    caller: Person, sandbox: Sandbox, traces: dict[str, bool]
) -> None:
    refuse(sandbox, {}, **traces)
    call = play(caller, sandbox, only_my_number=True)
    assert (call["state"], call["end_reason"]) == ("failed", "caller_id_refused")
    assert (call["cost"], call["receipt"]["shown_number"]) == ("0.00", None)
    assert dialled(sandbox) == []


@pytest.mark.parametrize("sid", [False, True])
@pytest.mark.parametrize("code", [False, True])
def test_refusal_without_action_is_found_out(
    caller: Person, sandbox: Sandbox, sid: bool, code: bool
) -> None:
    refuse(sandbox, {}, action=False, sid=sid, code=code)
    call = play(caller, sandbox)
    assert (call["state"], call["end_reason"]) == ("failed", "caller_id_refused")
    assert (call["cost"], call["own_number_refused"]) == ("0.00", True)
    assert caller.balance.held_micros == 0


@pytest.mark.parametrize("traces", [*TRACES, pytest.param({"action": False}, id="no action")])
def test_third_number_is_never_tried(
    caller: Person, sandbox: Sandbox, traces: dict[str, bool]
) -> None:
    refuse(sandbox, {}, {"caller": OPERATOR}, **traces)
    call = play(caller, sandbox)
    assert (call["state"], call["end_reason"]) == ("failed", "caller_id_refused")
    assert dialled(sandbox) == []
    assert Call.objects.get().number_refusals == (2 if traces.get("action", True) else 1)


def test_dearer_number_in_reserve_waits_for_its_own_quote(caller: Person, sandbox: Sandbox) -> None:
    printed("sync_rates", "--margin=0", "--minimum=0", "--country=GB", "--country=US",
            "--allow-jumps", "--allow-gaps")  # fmt: skip
    mobile = "+447400654321"
    refuse(sandbox, {"caller": OWN_PHONE, "called": mobile})
    refused = play(caller, sandbox, to=mobile)
    assert (refused["end_reason"], refused["cost"]) == ("caller_id_refused", "0.00")
    quoted = caller.post("quote", to=mobile).json()
    assert (quoted["shown_number"], quoted["legs"][1]["price_per_minute"]) == (OPERATOR, "0.061")
    call = play(caller, sandbox, to=mobile)
    assert call["receipt"]["legs"][1]["cost"] == "0.061"


def test_next_quote_says_that_the_pair_was_refused(caller: Person, sandbox: Sandbox) -> None:
    refuse(sandbox, {"caller": OWN_PHONE, "called": DESTINATION})
    play(caller, sandbox)
    quoted = caller.post("quote", to=DESTINATION).json()
    assert (quoted["shown_number"], quoted["fallback_number"]) == (OPERATOR, None)
    other = caller.post("quote", to="+442079460019").json()
    assert other["shown_number"] == OWN_PHONE
    refused = caller.call(only_my_number=True).json()["error"]
    assert refused["code"] == "own_number_not_shown"
    assert play(caller, sandbox)["receipt"]["shown_number"] == OPERATOR


def test_refused_pair_is_tried_again_after_a_week(caller: Person, sandbox: Sandbox) -> None:
    refuse(sandbox, {})
    play(caller, sandbox)
    Call.objects.update(created_at=timezone.now() - REFUSAL_REMEMBERED)
    assert caller.post("quote", to=DESTINATION).json()["shown_number"] == OWN_PHONE


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
def test_second_dial_ends_as_a_first_one_does(
    caller: Person, sandbox: Sandbox, outcome: str
) -> None:
    refuse(sandbox, {}, sid=True, code=True)
    sandbox.phone(DESTINATION, outcome=outcome)
    call = play(caller, sandbox)
    ending = {"failed": "not_connected"}.get(outcome, outcome.replace("-", "_"))
    assert (call["end_reason"], call["cost"]) == (ending, "0.00")


def test_number_that_fails_for_another_reason_is_dialled_once(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.phone(DESTINATION, outcome="failed")
    call = play(caller, sandbox)
    assert (call["state"], call["end_reason"]) == ("failed", "not_connected")
    assert (call["own_number_refused"], Call.objects.get().redialed_at) == (False, None)
    assert len(sandbox.get("calls", number=DESTINATION)["calls"]) == 1


def test_frozen_account_is_not_dialled_again(caller: Person, sandbox: Sandbox) -> None:
    refuse(sandbox, {})
    sandbox.post("webhooks/rules", pattern="*dial_action", action="delay", delay_seconds=100)
    caller.call()
    wait_for(lambda: Call.objects.exclude(bridged_at=None).exists(), "the first <Dial>")
    caller.post(f"calls/{Call.objects.get().public_id}/hangup")
    sandbox.wait_until_idle()
    reconcile_now()
    assert Call.objects.get().redialed_at is None
    assert caller.balance.held_micros == 0


@pytest.mark.parametrize("action", ["duplicate", "drop"])
def test_request_to_action_may_come_twice_or_not_at_all(
    caller: Person, sandbox: Sandbox, action: str
) -> None:
    refuse(sandbox, {})
    sandbox.post("webhooks/rules", pattern="*dial_action", action=action)
    call = play(caller, sandbox)
    assert call["state"] == ("completed" if action == "duplicate" else "failed")
    assert len(dialled(sandbox)) <= 1
    assert caller.balance.held_micros == 0


def test_hold_covers_two_dials(person: People, alice: User) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=0.27)
    quoted = somebody.post("quote", to=DESTINATION).json()
    assert (quoted["max_seconds"], quoted["hold"]) == (240, "0.24")
    alone = somebody.post("quote", to=DESTINATION, only_my_number=True).json()
    assert (alone["max_seconds"], alone["fallback_number"]) == (300, None)
