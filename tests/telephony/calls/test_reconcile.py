"""Lost webhooks, lost answers and crashes, finished by `reconcile_calls`."""

from datetime import timedelta

import pytest
import requests
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, IdempotencyKey
from billing.models import Hold
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.reconciling import calls_to, reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
LONG_AGO = timedelta(hours=8)


def backdate(**fields: timedelta) -> None:
    Call.objects.update(**{name: timezone.now() - age for name, age in fields.items()})


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
    backdate(created_at=LONG_AGO)
    reconcile_now()
    assert sandbox.get("calls", running="1")["calls"] == []
    final = caller.final(call_id)
    assert (final["state"], final["end_reason"]) == ("completed", None)
    assert float(final["cost"]) > 0
    assert caller.balance.held_micros == 0


def test_two_lost_calls_of_one_phone_are_matched_together(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(OWN_PHONE, outcome="no-answer")
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    for method in ("POST", "GET"):
        sandbox.fault("500", "/Calls.json", method=method, when="after", times=2)
    for _ in range(2):
        assert caller.call(max_seconds=60).status_code == 503
    reconcile_now()  # a third request might be under way
    assert Call.objects.filter(leg_a_sid=None).count() == 2
    Call.objects.update(created_at=F("created_at") - timedelta(seconds=31))
    sandbox.wait_until_idle()
    for _ in range(2):
        reconcile_now()
    legs = [leg["sid"] for leg in sandbox.get("calls", number=OWN_PHONE)["calls"]]
    assert list(Call.objects.order_by("id").values_list("leg_a_sid", flat=True)) == legs
    assert set(Call.objects.values_list("end_reason", flat=True)) == {"your_phone_no_answer"}
    assert caller.balance.held_micros == 0


@pytest.fixture
def lost(caller: Person, sandbox: Sandbox) -> tuple[Call, Call]:
    """Two calls of one phone without an answer of Twilio, which placed the second alone."""
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    for when in ("before", "after"):
        sandbox.fault("500", "/Calls.json", method="POST", when=when)
        sandbox.fault("500", "/Calls.json", method="GET")
        assert caller.call(max_seconds=60).status_code == 503
    sandbox.wait_until_idle()
    backdate(created_at=timedelta(seconds=31))
    first, second = Call.objects.order_by("id")
    return first, second


def endings(*calls: Call) -> list[str]:
    for _ in range(2):
        reconcile_now()
    for call in calls:
        call.refresh_from_db()
    return [call.end_reason for call in calls]


def test_lost_call_that_was_placed_is_found_by_its_time(
    caller: Person, sandbox: Sandbox, lost: tuple[Call, Call]
) -> None:
    first, second = lost
    Call.objects.filter(pk=first.pk).update(created_at=F("created_at") - timedelta(seconds=40))
    (leg,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    assert endings(first, second) == ["not_placed", "not_bridged"]
    assert (first.leg_a_sid, second.leg_a_sid) == (None, leg["sid"])
    assert caller.balance.held_micros == 0


def test_lost_call_that_was_placed_is_found_by_what_twilio_noted(
    caller: Person, lost: tuple[Call, Call]
) -> None:
    assert endings(*lost) == ["not_placed", "not_bridged"]
    assert caller.balance.held_micros == 0


def test_lost_calls_that_nothing_tells_apart_keep_their_holds(
    caller: Person, sandbox: Sandbox, lost: tuple[Call, Call]
) -> None:
    sandbox.fault("500", "*/Notifications.json", times=None)
    assert endings(*lost) == ["", ""]
    assert caller.balance.held_micros == sum(call.hold_micros for call in lost)
    requests.delete(f"{sandbox.url}/control/faults", timeout=10)
    assert endings(*lost) == ["not_placed", "not_bridged"]


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
