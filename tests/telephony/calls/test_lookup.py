"""Calls without an answer of Twilio are matched with those that Twilio placed."""

from datetime import timedelta

import pytest
import requests
from django.db.models import F

from telephony.models import Call
from tests.telephony.callers import OWN_PHONE, Person
from tests.telephony.reconciling import backdate, reconcile_now
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


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


def test_lost_calls_that_nothing_distinguishes_keep_their_holds(
    caller: Person, sandbox: Sandbox, lost: tuple[Call, Call]
) -> None:
    sandbox.fault("500", "*/Notifications.json", times=None)
    assert endings(*lost) == ["", ""]
    assert caller.balance.held_micros == sum(call.hold_micros for call in lost)
    requests.delete(f"{sandbox.url}/control/faults", timeout=10)
    assert endings(*lost) == ["not_placed", "not_bridged"]
