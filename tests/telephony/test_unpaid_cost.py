"""The cost of calls to the operator: a budget a day, free attempts, a ceiling for the own phone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import Account, User
from telephony.calls.settlement import charge_of
from telephony.models import Call, OpenedDestination
from telephony.rules import activity_of
from tests.people import staff
from tests.telephony.callers import DESTINATION, GERMAN_PHONE, People, Person, make_call
from tests.telephony.refusals import refusal
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import OPERATOR

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dear(person: People, alice: User) -> Person:
    """alice with five dollars and a phone that costs 25 cents a minute to ring."""
    return person(alice, phone=GERMAN_PHONE, dollars=5)


def unpaid_micros(somebody: Person) -> int:
    return activity_of(somebody.user.account).unpaid_today_micros


@pytest.mark.parametrize(
    ("number", "behaviour"),
    [
        (DESTINATION, {"talk_seconds": 2}),
        (DESTINATION, {"outcome": "no-answer"}),
        (GERMAN_PHONE, {"outcome": "voicemail"}),
    ],
)
def test_free_calls_of_a_dear_phone_end_at_the_budget(
    dear: Person, sandbox: Sandbox, settings: Settings, number: str, behaviour: dict[str, object]
) -> None:
    settings.UNPAID_COST_MAX_CENTS_PER_DAY = 160
    sandbox.phone(number, **behaviour)
    for _ in range(10):
        placed = dear.call(max_seconds=60)
        if placed.status_code != 201:
            break
        dear.final(placed.json()["call_id"])
    assert placed.json()["error"]["code"] == "unpaid_cost_limit"
    assert dear.post("quote", to=DESTINATION).json()["error"]["code"] == "unpaid_cost_limit"
    assert 2 <= Call.objects.count() <= 5
    most_micros = 3 * 250_000 + 12_000  # three minutes of their own phone and one of the other
    assert 1_600_000 - most_micros < unpaid_micros(dear) <= 1_600_000


# How a call ends, and the seconds of each leg.
ENDINGS = st.tuples(
    st.sampled_from(
        ["completed", "completed", "busy", "no-answer", "canceled", "no key", "refused"]
    ),
    st.integers(0, 300),
    st.integers(0, 60),
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["call", "call", "midnight"]) | ENDINGS, max_size=30))
def test_no_mix_of_calls_costs_more_than_the_budget_of_a_day(
    local_caller: Person, settings: Settings, steps: list[Any]
) -> None:
    settings.UNPAID_COST_MAX_CENTS_PER_DAY, settings.RATELIMIT_ENABLE = 30, False
    settings.FREE_ATTEMPTS_PER_DAY = 2
    Call.objects.all().delete()
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC), tick=False) as clock:
        for step in steps:
            if step == "midnight":
                clock.shift(timedelta(days=1))
            elif step == "call":
                place_if_allowed(local_caller)
            elif call := Call.objects.filter(settled_at=None).last():
                end(call, *step)
            assert unpaid_micros(local_caller) <= 300_000


def place_if_allowed(somebody: Person) -> None:
    """Store an open call, as the product does after the budget was checked."""
    quoted = somebody.post("quote", to=DESTINATION)
    if quoted.status_code != 200:
        return
    call = make_call(
        somebody.user, asks_for_key=True, operator_e164=OPERATOR,
        charges_attempt=quoted.json()["charges_attempt"], settled_at=None, ended_at=None,
    )  # fmt: skip
    call.leg_a_micros_per_minute, call.leg_a_first_seconds, call.leg_a_next_seconds = 30_000, 30, 6
    call.most_unpaid_micros = call.price.most_unpaid_micros(
        short_seconds=django_settings.FALSE_ANSWER_SECONDS
    )
    call.save()


def end(call: Call, ending: str, own_seconds: int, talk_seconds: int) -> None:
    """Settle a call by the product's charge. Twilio ends leg A at its limit."""
    call.leg_a_seconds = min(own_seconds, call.price.leg_a_limit_seconds(call.max_seconds))
    call.leg_b_seconds = min(talk_seconds, own_seconds) if ending == "completed" else 0
    call.leg_b_status = {"no key": "", "refused": "failed"}.get(ending, ending)
    call.end_reason = Call.EndReason.DESTINATION_BLOCKED if ending == "refused" else ""
    call.asked_at, call.settled_at = timezone.now(), timezone.now()
    call.bridged_at = None if ending == "no key" else timezone.now()
    charge = charge_of(call)
    call.leg_a_cost_micros, call.leg_b_cost_micros = charge.leg_a_micros, charge.leg_b_micros
    call.save()


def test_calls_at_once_count_the_most_that_each_may_cost(
    dear: Person, sandbox: Sandbox, settings: Settings
) -> None:
    settings.UNPAID_COST_MAX_CENTS_PER_DAY, settings.CALLS_AT_ONCE_NEW_ACCOUNT = 160, 10
    sandbox.post("speed", speed=1)

    def call(_: int) -> int:
        return dear.call(max_seconds=10).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(call, range(6)))
    assert sorted(answers) == [201, 201, 403, 403, 403, 403]
    assert unpaid_micros(dear) <= 1_600_000


def test_budget_starts_again_at_midnight_but_open_calls_count(local_caller: Person) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    for settled_at in (yesterday, None):
        make_call(
            local_caller.user,
            created_at=yesterday,
            settled_at=settled_at,
            leg_a_seconds=600,
            most_unpaid_micros=4_990_000,
        )
    assert unpaid_micros(local_caller) == 4_990_000
    assert refusal(local_caller) == (403, "unpaid_cost_limit")


def test_first_call_above_the_budget_is_not_blamed_on_others(
    local_caller: Person, settings: Settings
) -> None:
    settings.UNPAID_COST_MAX_CENTS_PER_DAY = 5
    refused = local_caller.call().json()["error"]
    assert refused["code"] == "unpaid_cost_limit"
    assert refused["message"].startswith("If nobody answers, this call could cost more")
    assert "costs less to ring" in refused["hint"]


def test_price_of_the_carrier_replaces_the_estimate(local_caller: Person) -> None:
    call = make_call(local_caller.user, leg_a_seconds=61)
    assert unpaid_micros(local_caller) == 12_000  # two started minutes
    Call.objects.filter(pk=call.pk).update(leg_a_paid_micros=9_000)
    assert unpaid_micros(local_caller) == 9_000
    Call.objects.filter(pk=call.pk).update(leg_a_cost_micros=20_000)
    assert unpaid_micros(local_caller) == 0  # a profit pays for no other call


@pytest.mark.parametrize("behaviour", [{"outcome": "busy"}, {"talk_seconds": 2}])
def test_attempts_are_charged_after_the_free_ones(
    caller: Person, sandbox: Sandbox, settings: Settings, behaviour: dict[str, object]
) -> None:
    settings.FREE_ATTEMPTS_PER_DAY = 2
    sandbox.phone(DESTINATION, **behaviour)
    promised, costs = [], []
    for _ in range(3):
        promised.append(caller.post("quote", to=DESTINATION).json()["charges_attempt"])
        costs.append(caller.final(caller.call().json()["call_id"])["cost"])
    assert promised == [False, False, True]
    assert costs[:2] == ["0.00", "0.00"]
    least_micros = 15_000 if "outcome" in behaviour else 27_000  # half a minute, and one of theirs
    charged_micros = 20_000_000 - caller.balance.balance_micros
    assert charged_micros >= least_micros
    assert round(float(costs[2]) * 1_000_000) == charged_micros


def test_calls_that_reached_no_phone_use_up_no_free_attempt(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    settings.FREE_ATTEMPTS_PER_DAY = 1
    sandbox.phone(caller.user.account.caller_ids.get().e164, outcome="busy")
    caller.final(caller.call().json()["call_id"])
    assert not activity_of(caller.user.account).charges_attempts


def test_own_phone_above_the_ceiling_is_never_rung(
    local_person: People, alice: User, settings: Settings
) -> None:
    settings.PRICE_CEILING_CENTS_OWN_PHONE = 20
    Account.objects.update(created_at=timezone.now() - timedelta(days=400))
    somebody = local_person(alice, phone=GERMAN_PHONE, dollars=5)
    refused = somebody.call().json()["error"]
    assert (refused["code"], refused["details"]) == ("price_too_high", {"ceiling": "0.20"})
    assert "Ringing your own phone" in refused["message"]
    OpenedDestination.objects.create(
        account=alice.account, destination="DE", reason="ticket 42", opened_by=staff("operator")
    )
    assert somebody.post("quote", to=DESTINATION).status_code == 200
