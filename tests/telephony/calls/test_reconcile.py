"""Lost webhooks, lost answers and crashes, finished by `reconcile_calls`."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Account, IdempotencyKey
from billing.models import Hold
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.reconciling import backdate, calls_to, reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
LONG_AGO = timedelta(hours=8)


def test_call_whose_webhooks_were_all_lost_is_settled(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("webhooks/rules", pattern="*call.*", action="drop")
    sandbox.post("webhooks/rules", pattern="*dial_action", action="drop")
    sandbox.phone(DESTINATION, talk_seconds=65)
    call_id = caller.call().json()["call_id"]
    wait_for(lambda: calls_to(sandbox, DESTINATION) == 1, "the destination to ring")
    sandbox.wait_until_idle()
    assert Call.objects.get().settled_at is None
    reconcile_now()
    call = caller.final(call_id)
    assert (call["state"], call["duration_seconds"]) == ("completed", 65)
    assert caller.balance.held_micros == 0


def test_customer_who_hangs_up_before_the_bridge_pays_nothing(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.phone(DESTINATION, outcome="manual")
    sandbox.post("speed", speed=3)
    call_id = caller.call().json()["call_id"]
    wait_for(lambda: Call.objects.get().bridged_at, "our TwiML to be fetched")
    sandbox.post("speed", speed=0.01)
    sandbox.post(f"calls/{Call.objects.get().leg_a_sid}/hangup")
    sandbox.wait_until_idle()
    reconcile_now()
    final = caller.final(call_id)
    assert (final["state"], final["cost"]) == ("canceled", "0.00")


@pytest.mark.parametrize("kind", ["timeout", "close", "500", "empty", "malformed", "html"])
def test_call_that_twilio_placed_without_saying_so_is_found(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(kind, "/Calls.json", method="POST", when="after")
    placed = caller.call(key="once")
    assert placed.status_code == 201
    caller.final(placed.json()["call_id"])
    assert calls_to(sandbox, OWN_PHONE) == 1


@pytest.mark.parametrize("kind", ["timeout", "close", "500", "empty", "malformed", "html", "429"])
def test_call_that_twilio_never_placed_is_placed_by_a_retry(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(kind, "/Calls.json", method="POST", when="before")
    refused = caller.call(key="once")
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "provider_unavailable"
    backdate(created_at=timedelta(seconds=40))
    placed = caller.call(key="once")
    assert placed.status_code == 201
    caller.final(placed.json()["call_id"])
    assert calls_to(sandbox, OWN_PHONE) == 1
    assert caller.balance.held_micros == 0


def test_key_of_yesterday_stands_for_a_new_call(caller: Person, sandbox: Sandbox) -> None:
    first = caller.call(key="once").json()["call_id"]
    caller.final(first)
    a_day_later = {"created_at": timezone.now() - timedelta(hours=25)}
    Call.objects.update(**a_day_later)
    IdempotencyKey.objects.update(started_at=a_day_later["created_at"])
    second = caller.call(to="+442079460100", key="once")
    assert second.status_code == 201
    assert second.json()["call_id"] != first
    assert second.json()["to"] == "+442079460100"


def test_retry_while_the_outcome_is_unknown_never_rings_twice(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.fault("500", "/Calls.json", method="POST")
    caller.call(key="once")
    again = caller.call(key="once")
    assert again.status_code == 503
    assert again.headers["Retry-After"] == "5"
    assert calls_to(sandbox, OWN_PHONE) == 0


def test_crash_before_twilio_was_asked_gives_the_hold_back(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.fault("500", "/Calls.json", method="POST")
    caller.call()
    assert caller.balance.held_micros > 0
    backdate(created_at=timedelta(seconds=40))
    reconcile_now()
    call = Call.objects.get()
    assert (call.state, call.end_reason, call.cost_micros) == ("failed", "not_placed", 0)
    assert caller.balance.available_micros == 20_000_000


def test_call_without_news_past_its_limit_is_closed(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    caller.call(max_seconds=60)
    sandbox.fault("500", "*", times=None)
    backdate(created_at=LONG_AGO)
    reconcile_now()
    call = Call.objects.get()
    assert (call.state, call.end_reason, call.cost_micros) == ("failed", "no_news", 0)
    assert Hold.objects.get().state == Hold.State.RELEASED


def test_leg_that_talks_past_its_limit_is_ended_and_billed(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("webhooks/rules", pattern="*call.completed", action="drop")
    sandbox.phone(DESTINATION, talk_seconds=3000)
    sandbox.post("speed", speed=20)
    call_id = caller.call(max_seconds=600).json()["call_id"]
    wait_for(lambda: Call.objects.get().state == "answered", "the answer")
    sandbox.post("advance", seconds=60)  # longer than a false answer
    backdate(created_at=LONG_AGO)
    reconcile_now()
    assert sandbox.get("calls", running="1")["calls"] == []
    final = caller.final(call_id)
    assert (final["state"], final["end_reason"]) == ("completed", None)
    assert float(final["cost"]) > 0
    assert caller.balance.held_micros == 0


def test_word_that_comes_after_the_closing_changes_nothing(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("webhooks/rules", pattern="*call.completed", action="hold")
    sandbox.phone(DESTINATION, talk_seconds=10)
    caller.call()
    wait_for(lambda: len(sandbox.get("webhooks")["held"]) == 2, "both legs to end")
    wait_for(Call.objects.filter(leg_b_status="completed").exists, "the end of the bridge")
    sandbox.fault("500", "*", times=None)
    backdate(created_at=LONG_AGO)
    reconcile_now()
    sandbox.post("webhooks/release")
    sandbox.wait_until_idle()
    assert Call.objects.get().cost_micros == 0
    assert caller.balance.available_micros == 20_000_000


def test_twilios_own_price_is_recorded_when_it_comes(caller: Person, sandbox: Sandbox) -> None:
    call_id = caller.call().json()["call_id"]
    caller.final(call_id)
    sandbox.post("advance", seconds=600)
    reconcile_now()
    call = Call.objects.get()
    assert call.leg_a_paid_micros
    assert call.leg_b_paid_micros
    assert call.reconcile_after is None


def test_freezing_an_account_ends_its_calls(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=20)
    sandbox.phone(DESTINATION, talk_seconds=3000)
    call_id = caller.call().json()["call_id"]
    wait_for(lambda: Call.objects.get().state == "answered", "the answer")
    Account.objects.update(frozen_at=timezone.now())
    call_command("reconcile_calls")
    assert caller.final(call_id)["state"] == "completed"
    assert caller.balance.held_micros == 0
    assert sandbox.get("calls", running="1")["calls"] == []
