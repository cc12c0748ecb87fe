"""Bills of calls: the price of each leg, never above the hold."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from billing.models import Hold
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person, fund
from tests.telephony.sandbox import Sandbox
from tests.telephony.webhooks import PRICE, Report

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def cost_of(sandbox: Sandbox, far_seconds: int) -> int:
    """The bill of the one call, by the sandbox's own record of leg A."""
    (own,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    return PRICE.leg_a.cost_micros(int(own["duration"])) + PRICE.leg_b.cost_micros(far_seconds)


@pytest.mark.parametrize(
    ("seconds", "is_billed", "reason"), [(2, False, "false_answer"), (3, True, None)]
)
def test_talk_too_short_to_be_one_costs_nothing(
    caller: Person, sandbox: Sandbox, seconds: int, is_billed: bool, reason: str | None
) -> None:
    sandbox.phone(DESTINATION, talk_seconds=seconds)
    final = caller.final(caller.call().json()["call_id"])
    assert (final["duration_seconds"], final["end_reason"]) == (seconds, reason)
    spent = 20_000_000 - caller.balance.balance_micros
    assert spent == (cost_of(sandbox, seconds) if is_billed else 0)


@pytest.mark.parametrize("policy", [True, False])
def test_policy_decides_who_pays_for_leg_a_of_a_busy_call(
    caller: Person, sandbox: Sandbox, settings: Settings, policy: bool
) -> None:
    settings.CHARGE_UNANSWERED_CALLS = policy
    sandbox.phone(DESTINATION, outcome="busy")
    final = caller.final(caller.call().json()["call_id"])
    assert final["state"] == "busy"
    spent = 20_000_000 - caller.balance.balance_micros
    assert spent == (cost_of(sandbox, 0) if policy else 0)
    assert not policy or spent >= PRICE.leg_a.cost_micros(1)


def test_charge_never_goes_above_the_hold(caller: Person, report: Report) -> None:
    held_micros = caller.balance.held_micros
    assert held_micros == PRICE.hold_micros(150)
    report("key", CallStatus="in-progress", Digits="1")
    report("child", CallStatus="completed", CallDuration="90000")
    report("status", CallStatus="completed", CallDuration="90000")
    call = Call.objects.get()
    assert (call.leg_b_seconds, call.cost_micros) == (90_000, held_micros)
    assert caller.balance.balance_micros == 20_000_000 - held_micros


def test_hold_that_expired_pays_what_is_still_there(caller: Person, report: Report) -> None:
    report("key", CallStatus="in-progress", Digits="1")
    Hold.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    call_command("release_holds")
    assert caller.balance.held_micros == 0
    fund(caller.user, -19.98)
    report("child", CallStatus="completed", CallDuration="100")
    report("status", CallStatus="completed", CallDuration="110")
    receipt = caller.get(f"calls/{Call.objects.get().public_id}").json()["receipt"]
    assert [leg["cost"] for leg in receipt["legs"]] == ["0.00", "0.02"]  # of 0.057 and 0.024
    assert receipt["total"] == "0.02"
    assert caller.balance.balance_micros == 0
    call_command("audit_ledger")


def test_deck_imported_while_they_talk_changes_nothing(
    caller: Person, sandbox: Sandbox, report: Report, deck: Path
) -> None:
    report("key", CallStatus="in-progress", Digits="1")
    deck.write_text(deck.read_text().replace("0.012,60,60", "0.020,1,1"))
    call_command("import_rates", str(deck))
    report("child", CallStatus="completed", CallDuration="65")
    report("status", CallStatus="completed", CallDuration="70")
    expected = PRICE.leg_a.cost_micros(70) + PRICE.leg_b.cost_micros(65)
    assert caller.balance.balance_micros == 20_000_000 - expected
    assert caller.post("quote", to=DESTINATION).json()["price_per_minute"] == "0.05"


def test_talk_ends_at_the_limit(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(DESTINATION, talk_seconds=3000)
    placed = caller.call(max_seconds=120)
    final = caller.final(placed.json()["call_id"])
    assert (final["state"], final["duration_seconds"]) == ("completed", 120)
    assert 20_000_000 - caller.balance.balance_micros == cost_of(sandbox, 120)


def test_statement_shows_what_was_billed_of_each_leg(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(DESTINATION, talk_seconds=30)
    caller.final(caller.call().json()["call_id"])
    (line,) = [one for one in caller.get("transactions").json()["items"] if one["kind"] == "call"]
    number, _, arithmetic = line["description"].partition(": ")
    assert number.startswith("Call to +44")
    billed = re.findall(r"(\d+) s at \$([\d.]+)", arithmetic.removesuffix(" a minute"))
    total = sum(
        -(-int(seconds) * round(float(price) * 1_000_000) // 60) for seconds, price in billed
    )
    assert len(billed) == 2
    assert round(-float(line["amount"]) * 1_000_000) == total
