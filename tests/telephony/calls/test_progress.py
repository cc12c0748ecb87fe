"""Calls from the API to the bill, with the sandbox as Twilio."""

from decimal import Decimal

import pytest

from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_answered_call_is_billed_for_both_legs(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(DESTINATION, talk_seconds=65, answer_after_seconds=3)
    placed = caller.call("020 7946 0018", country="GB")
    assert placed.status_code == 201
    assert placed.json()["to"] == DESTINATION
    assert placed.json()["from"] == OWN_PHONE
    final = caller.final(placed.json()["call_id"])
    own, far = final["receipt"]["legs"]
    assert final["state"] == final["status"] == "completed"
    assert far["seconds"] in (64, 65, 66)
    assert far["billed_seconds"] == 120
    assert far["cost"] == "0.024"
    assert own["seconds"] >= far["seconds"]
    assert Decimal(own["cost"]) + Decimal(far["cost"]) == Decimal(final["cost"])
    spent = 20_000_000 - caller.balance.balance_micros
    assert spent == Decimal(final["cost"]) * 1_000_000
    assert caller.balance.held_micros == 0


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        ("busy", "busy", "busy"),
        ("no-answer", "no_answer", "no_answer"),
        ("failed", "failed", "not_connected"),
    ],
)
def test_call_without_an_answer_costs_nothing(
    caller: Person, sandbox: Sandbox, outcome: str, state: str, reason: str
) -> None:
    sandbox.phone(DESTINATION, outcome=outcome)
    final = caller.final(caller.call().json()["call_id"])
    assert (final["state"], final["end_reason"], final["cost"]) == (state, reason, "0.00")
    assert caller.balance.available_micros == 20_000_000


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        ("busy", "busy", "your_phone_busy"),
        ("no-answer", "no_answer", "your_phone_no_answer"),
        ("failed", "failed", "your_phone_unreachable"),
    ],
)
def test_own_phone_that_does_not_answer_ends_the_call(
    caller: Person, sandbox: Sandbox, outcome: str, state: str, reason: str
) -> None:
    sandbox.phone(OWN_PHONE, outcome=outcome)
    final = caller.final(caller.call().json()["call_id"])
    assert (final["state"], final["end_reason"], final["cost"]) == (state, reason, "0.00")
    assert sandbox.get("calls", number=DESTINATION)["calls"] == []
