"""Hanging up: carried out in the end, whatever Twilio answers at first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person, in_another_thread
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

KINDS = ["429", "500", "timeout", "close", "empty", "malformed", "html"]
UPDATE = "/Calls/CA*.json"


@pytest.fixture
def talking(caller: Person, sandbox: Sandbox) -> str:
    """A call that would talk for an hour."""
    sandbox.post("speed", speed=20)
    sandbox.phone(DESTINATION, talk_seconds=3000)
    call_id = str(caller.call().json()["call_id"])
    wait_for(lambda: Call.objects.get().state == "answered", "the answer")
    return call_id


def running(sandbox: Sandbox) -> list[object]:
    return list(sandbox.get("calls", running="1")["calls"])


@pytest.mark.parametrize("kind", KINDS)
def test_hangup_that_twilio_did_not_hear_is_asked_again(
    caller: Person, sandbox: Sandbox, talking: str, kind: str
) -> None:
    sandbox.fault(kind, UPDATE, method="POST")
    refused = caller.post(f"calls/{talking}/hangup")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_unavailable")
    assert "may still be running" in refused.json()["error"]["hint"]
    assert running(sandbox)
    reconcile_now()
    assert running(sandbox) == []
    assert caller.final(talking)["state"] == "completed"


@pytest.mark.parametrize("kind", KINDS)
def test_hangup_whose_answer_was_lost_can_be_repeated(
    caller: Person, sandbox: Sandbox, talking: str, kind: str
) -> None:
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault(kind, UPDATE, method="POST", when="after")
    assert caller.post(f"calls/{talking}/hangup").status_code == 503
    assert caller.post(f"calls/{talking}/hangup").status_code == 200
    reconcile_now()
    assert caller.final(talking)["state"] == "completed"
    assert caller.balance.held_micros == 0


def test_hangup_while_twilio_is_refused_is_carried_out_later(
    caller: Person, sandbox: Sandbox, talking: str, settings: Settings
) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    assert caller.post(f"calls/{talking}/hangup").status_code == 503
    due = Call.objects.get().reconcile_after
    assert due is not None
    assert (due - timezone.now()).total_seconds() < 11
    settings.TWILIO_API_URL = sandbox.url
    reconcile_now()
    assert running(sandbox) == []


@pytest.mark.parametrize("kind", KINDS)
def test_hangup_of_a_call_that_was_answered_unheard_is_repaired(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    """Twilio refuses to cancel it (21220), so it is looked at first, and that may fail too."""
    sandbox.post("webhooks/rules", pattern="*call.*", action="drop")
    sandbox.post("speed", speed=20)
    sandbox.phone(DESTINATION, talk_seconds=3000)
    call_id = caller.call().json()["call_id"]
    wait_for(lambda: Call.objects.get().bridged_at, "our TwiML to be fetched")
    Call.objects.update(leg_a_status="ringing")
    sandbox.fault(kind, UPDATE, method="GET")
    assert caller.post(f"calls/{call_id}/hangup").status_code == 503
    assert caller.post(f"calls/{call_id}/hangup").status_code == 200
    assert running(sandbox) == []


def test_hangup_while_the_call_is_being_placed_ends_it(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault("slow", "/Calls.json", method="POST")
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(in_another_thread, caller.call)
        wait_for(Call.objects.exists, "the call")
        call_id = Call.objects.get().public_id
        assert caller.post(f"calls/{call_id}/hangup").status_code == 200
        assert Call.objects.get().leg_a_sid is None
        sandbox.clear_faults()
        assert placing.result().status_code == 201
    (own,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    assert own["status"] == "canceled"
    assert caller.final(call_id)["end_reason"] == "hung_up"


def test_hangup_of_a_call_that_is_found_later_ends_it(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault("500", "/Calls.json", method="POST", when="after")
    sandbox.fault("500", "/Calls.json", method="GET")
    call_id = caller.call().json()["error"]["details"]["call_id"]
    assert caller.post(f"calls/{call_id}/hangup").status_code == 200
    assert running(sandbox)
    reconcile_now()
    assert running(sandbox) == []
    assert caller.final(call_id)["state"] == "canceled"


def test_call_of_a_frozen_account_is_ended_by_the_next_run(
    caller: Person, sandbox: Sandbox, talking: str
) -> None:
    Account.objects.update(frozen_at=timezone.now())
    sandbox.fault("500", UPDATE, method="POST")
    call_command("reconcile_calls")
    assert running(sandbox)
    reconcile_now()
    assert running(sandbox) == []
    assert caller.final(talking)["state"] == "completed"
    assert caller.balance.held_micros == 0


def test_hangup_ends_a_call_that_talks(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=20)
    sandbox.phone(DESTINATION, talk_seconds=3000)
    call_id = caller.call().json()["call_id"]
    wait_for_state(call_id, Call.State.ANSWERED)
    assert caller.post(f"calls/{call_id}/hangup").status_code == 200
    final = caller.final(call_id)
    assert final["state"] == "completed"
    assert final["duration_seconds"] < 600


@pytest.mark.parametrize("rings", [True, False])
def test_hangup_asks_at_once_about_the_other_leg(
    caller: Person, sandbox: Sandbox, settings: Settings, rings: bool
) -> None:
    settings.CALL_RING_SECONDS = 600
    sandbox.post("webhooks/rules", pattern="*call.*", action="drop")
    sandbox.post("webhooks/rules", pattern="*dial_action", action="drop")
    sandbox.phone(DESTINATION, outcome="manual")
    sandbox.post("speed", speed=10)
    call_id = caller.call().json()["call_id"]
    if rings:
        wait_for(lambda: sandbox.get("calls", number=DESTINATION)["calls"], "the other phone")
    else:
        wait_for(lambda: Call.objects.get().bridged_at, "the sentence before it")
    ended = caller.post(f"calls/{call_id}/hangup").json()
    assert (ended["state"], ended["end_reason"], ended["cost"]) == ("canceled", "hung_up", "0.00")
    assert running(sandbox) == []
    assert caller.balance.held_micros == 0


def test_hangup_is_done_with_leg_a_where_the_other_stays_unknown(
    caller: Person, sandbox: Sandbox, talking: str
) -> None:
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault("500", "/Calls.json", method="GET")
    assert caller.post(f"calls/{talking}/hangup").status_code == 200
    assert running(sandbox) == []
    reconcile_now()
    assert caller.final(talking)["state"] == "completed"


def wait_for_state(call_id: str, state: str) -> None:
    wait_for(lambda: Call.objects.get(public_id=call_id).state == state, state)
