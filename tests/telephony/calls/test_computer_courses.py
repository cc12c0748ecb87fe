"""Courses of calls through the computer: either side ends one, and the bill is the carrier's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from telephony.models import Call, Registration
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.computer import computer_of
from tests.telephony.reconciling import calls_to, reconcile_now
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
PREMIUM = "+449098790000"


def place(caller: Person, **more: Any) -> str:
    return str(caller.call(mode="computer", **more).json()["call_id"])


def talks(carrier: Sandbox) -> bool:
    legs = carrier.get("calls", number=DESTINATION)["calls"]
    return [leg["status"] for leg in legs] == ["in-progress"]


def check_books(caller: Person, call: dict[str, Any], carrier: Sandbox) -> None:
    """Compare the receipt with the seconds of the carrier, and the balance with the receipt."""
    legs = {leg["from"]: int(leg["duration"] or 0) for leg in carrier.get("calls")["calls"]}
    own, theirs = call["receipt"]["legs"]
    assert (own["to"], own["seconds"]) == ("computer", legs[f"client:{call['call_id']}"])
    assert (theirs["to"], theirs["seconds"]) == (DESTINATION, call["duration_seconds"])
    settled = Call.objects.get(public_id=call["call_id"])
    assert settled.cost_micros is not None
    assert caller.balance.available_micros == 20_000_000 - settled.cost_micros
    assert caller.balance.held_micros == 0
    call_command("audit_ledger", stdout=StringIO())


def test_talk_is_billed_as_a_leg_of_the_computer_and_one_of_a_phone(
    caller: Person, carrier: Sandbox
) -> None:
    carrier.phone(DESTINATION, talk_seconds=65)
    call_id = place(caller)
    with computer_of(caller, carrier, call_id):
        call = caller.final(call_id)
    assert (call["state"], call["duration_seconds"]) == ("completed", 65)
    assert [leg["price_per_minute"] for leg in call["receipt"]["legs"]] == ["0.006", "0.012"]
    check_books(caller, call, carrier)


@pytest.mark.parametrize("who", ["computer", "site", "both", "nobody"])
def test_either_side_and_a_computer_that_vanishes_end_the_call(
    caller: Person, carrier: Sandbox, who: str
) -> None:
    carrier.phone(DESTINATION, talk_seconds=None)
    call_id = place(caller)
    with computer_of(caller, carrier, call_id) as computer:
        sid = computer.wait_for("answer")["payload"]["callsid"]
        if who in ("computer", "both"):
            computer.say("hangup", callsid=sid)
        if who in ("site", "both"):
            assert caller.post(f"calls/{call_id}/hangup").status_code == 200
        if who == "nobody":
            computer.vanish()
        call = caller.final(call_id)
    assert call["state"] == "completed"
    assert not talks(carrier)
    check_books(caller, call, carrier)


@pytest.mark.parametrize(
    ("outcome", "state"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")]
)
def test_call_without_an_answer_costs_nothing(
    caller: Person, carrier: Sandbox, outcome: str, state: str
) -> None:
    carrier.phone(DESTINATION, outcome=outcome)
    call_id = place(caller)
    with computer_of(caller, carrier, call_id):
        call = caller.final(call_id)
    assert (call["state"], call["cost"]) == (state, "0.00")
    check_books(caller, call, carrier)


@pytest.mark.parametrize("outcome", ["answer", "busy"])
def test_lost_webhooks_change_no_bill(caller: Person, carrier: Sandbox, outcome: str) -> None:
    carrier.phone(DESTINATION, outcome=outcome, talk_seconds=65)
    for pattern in ("*call.*", "*dial_action"):
        carrier.post("webhooks/rules", pattern=pattern, action="drop")
    call_id = place(caller)
    with computer_of(caller, carrier, call_id) as computer:
        computer.wait_for("hangup")
        carrier.wait_until_idle()
    assert Call.objects.get().settled_at is None
    reconcile_now()
    call = caller.final(call_id)
    assert call["state"] == ("completed" if outcome == "answer" else "busy")
    check_books(caller, call, carrier)


def test_call_whose_instructions_were_lost_ends_and_costs_nothing(
    caller: Person, carrier: Sandbox
) -> None:
    carrier.post("webhooks/rules", pattern="*", action="drop")
    call_id = place(caller)
    with computer_of(caller, carrier, call_id) as computer:
        computer.wait_for("hangup")
        carrier.wait_until_idle()
    Call.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    reconcile_now()
    reconcile_now()
    call = caller.final(call_id)
    assert (call["state"], call["end_reason"], call["cost"]) == ("failed", "not_started", "0.00")
    assert caller.balance.available_micros == 20_000_000


def test_forged_fields_of_a_client_have_nothing_else_dialled(
    caller: Person, carrier: Sandbox, settings: Settings
) -> None:
    carrier.phone(DESTINATION, talk_seconds=5)
    call_id = place(caller, max_seconds=60)
    forged = {"To": PREMIUM, "callerId": "+15005550006", "timeLimit": "14400", "mode": "callback"}
    with computer_of(caller, carrier, call_id, **forged):
        assert caller.final(call_id)["state"] == "completed"
    legs = carrier.get("calls")["calls"]
    dialled = [(leg["from"], leg["to"]) for leg in legs if not leg["from"].startswith("client:")]
    assert dialled == [(settings.TWILIO_FROM_NUMBER, DESTINATION)]


def test_of_ten_computers_with_one_call_one_talks(caller: Person, carrier: Sandbox) -> None:
    carrier.phone(DESTINATION, talk_seconds=None)
    call_id = place(caller)

    started = Barrier(10)

    def start(_: int) -> str:
        with computer_of(caller, carrier, call_id) as computer:
            end = str(computer.wait_for("answer", "hangup")["type"])
            started.wait()  # who talks goes on until all have tried
            return end

    with ThreadPoolExecutor(10) as pool:
        ends = list(pool.map(start, range(10)))
    assert ends.count("answer") == 1
    assert calls_to(carrier, DESTINATION) == 1
    assert caller.final(call_id)["state"] == "completed"  # its computer is gone


def test_operators_number_is_shown_after_the_own_one_was_refused(
    caller: Person, carrier: Sandbox, settings: Settings
) -> None:
    phone = caller.user.account.caller_ids.get()
    Registration.objects.create(
        account=caller.user.account, user=caller.user, caller_id=phone, e164=OWN_PHONE,
        state="registered", carrier_sid="PN1", expires_at=timezone.now(), closed_at=timezone.now(),
    )  # fmt: skip
    carrier.post("twilio", refused_callers=[{}])
    carrier.phone(DESTINATION, talk_seconds=20)
    call_id = place(caller)
    with computer_of(caller, carrier, call_id):
        call = caller.final(call_id)
    assert (call["state"], call["own_number_refused"]) == ("completed", True)
    assert call["receipt"]["shown_number"] == settings.TWILIO_FROM_NUMBER
    check_books(caller, call, carrier)
