"""Calls whose number is refused, in courses of chance: clean books, and what was promised is true.

The suite plays 300 courses on PostgreSQL and a tenth on SQLite, the same each time; `make soak`
plays COURSES.
"""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from pytest_django import Settings

from accounts.models import User
from billing.ledger.audit import differences
from billing.models import Hold
from telephony.models import Call
from tests.database import ON_SQLITE
from tests.telephony.callers import OWN_PHONE, People, Person
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import OPERATOR, refuse

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
COURSES = int(os.environ.get("COURSES", "30" if ON_SQLITE else "300"))
COURSES_A_ROUND = 15
REFUSALS: list[list[dict[str, Any]]] = [
    [{}],
    [{"caller": "GB", "called": "GB"}],
    [{"until_registered": True}],
    [{}, {"caller": OPERATOR}],
    [{"caller": OPERATOR}],
    [],
]
DISTURBANCES = [
    ("twilio:call.*", "duplicate"),
    ("twilio:call.completed", "drop"),
    ("twilio:call.initiated", "delay"),
    ("twilio:dial_action", "duplicate"),
    ("twilio:dial_action", "drop"),
    ("twilio:gather_action", "duplicate"),
    ("twilio:gather_action", "drop"),
    ("twilio:nothing", "drop"),
]
OUTCOMES = ["answer", "answer", "busy", "no-answer", "failed"]
OWN_OUTCOMES = ["voicemail", *OUTCOMES]
KEYS = ["1"] * 6 + ["", "5", "51", "*#"]


@pytest.fixture
def rich(person: People, alice: User, settings: Settings) -> Person:
    settings.RATELIMIT_ENABLE = False
    settings.CALLS_AT_ONCE = settings.CALLS_AT_ONCE_NEW_ACCOUNT = 1_000
    settings.CALLS_PER_HOUR = settings.NEW_NUMBERS_PER_HOUR = 1_000_000
    settings.SPEND_MAX_CENTS_PER_DAY = 100_000_000
    settings.UNPAID_COST_MAX_CENTS_PER_DAY = settings.FREE_ATTEMPTS_PER_DAY = 100_000_000
    return person(alice, phone=OWN_PHONE, dollars=100_000)


def arrange(chance: random.Random, sandbox: Sandbox) -> None:
    """Let the carrier refuse, and webhooks misbehave, by chance."""
    sandbox.post("reset")
    sandbox.post("speed", speed=300)
    traces = {name: chance.random() < 0.5 for name in ("sid", "code")}
    refusals = chance.choice(REFUSALS)
    refuse(sandbox, *refusals, **traces, action=chance.random() < 0.7)
    pattern, action = chance.choice(DISTURBANCES)
    sandbox.post("webhooks/rules", pattern=pattern, action=action, delay_seconds=20)
    own = "answer" if chance.random() < 0.9 else chance.choice(OWN_OUTCOMES)
    sandbox.phone(OWN_PHONE, outcome=own, keys=chance.choice(KEYS))


def play_course(seed: str, rich: Person, sandbox: Sandbox) -> None:
    """Quote and place a call by chance, and hang some up at once."""
    chance = random.Random(seed)
    to = f"+44207{chance.randrange(10**7):07}"
    sandbox.phone(to, outcome=chance.choice(OUTCOMES), talk_seconds=chance.randrange(0, 200))
    order: dict[str, Any] = {"only_my_number": chance.random() < 0.3}
    quoted = rich.post("quote", to=to, **order)
    assert quoted.status_code == 200, quoted.content
    placed = rich.call(to, **order, expected_shown_number=quoted.json()["shown_number"])
    assert placed.status_code == 201, placed.content
    promise = [quoted.json()[name] for name in ("shown_number", "fallback_number")]
    # The answer may come after the second Dial, which shows the operator's number and has no other.
    second = [promise[1], None]
    assert [placed.json()[name] for name in ("shown_number", "fallback_number")] in (
        [promise] if promise[1] is None else [promise, second]
    )
    if chance.random() < 0.15:
        rich.post(f"calls/{placed.json()['call_id']}/hangup")


def check(call: Call, legs: list[dict[str, Any]]) -> None:
    """Compare what we say of a settled call with what the carrier's legs were."""
    dialled = [leg for leg in legs if leg["parent_call_sid"] == call.leg_a_sid]
    assert len(dialled) <= (2 if call.operator_e164 else 1)
    assert all(leg["from"] in (OWN_PHONE, call.operator_e164) for leg in dialled)
    rang = [leg for leg in dialled if leg["status"] != "failed"]
    assert len(rang) <= 1
    talked = [leg for leg in rang if leg["status"] == "completed"]
    assert bool(call.leg_b_cost_micros) <= bool(talked)
    # The carrier's clock is 300 times as fast as ours, so the own phone may wait past the rings,
    # which is charged.
    free_seconds = call.price.free_seconds(short_seconds=settings.FALSE_ANSWER_SECONDS)
    waited_long = (call.leg_a_seconds or 0) > free_seconds
    assert bool(call.leg_a_cost_micros) <= bool(talked or waited_long)
    assert {leg["from"] for leg in talked} <= {call.seen_e164}
    assert bool(dialled) <= (call.bridged_at is not None)
    if call.end_reason == Call.EndReason.NO_KEY:
        assert (call.leg_a_cost_micros, dialled) == (0, [])
    if call.end_reason == Call.EndReason.CALLER_ID_REFUSED:
        assert call.number_refusals
        assert (call.leg_b_cost_micros, rang) == (0, [])


@pytest.mark.parametrize("number", range(-(-COURSES // COURSES_A_ROUND)))
def test_every_course_ends_with_clean_books_and_a_true_receipt(
    rich: Person, sandbox: Sandbox, number: int
) -> None:
    arrange(random.Random(number), sandbox)
    seeds = [f"{number}/{course}" for course in range(COURSES_A_ROUND)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda seed: play_course(seed, rich, sandbox), seeds))
    sandbox.wait_until_idle()
    for _ in range(3):
        reconcile_now()
    assert Call.objects.filter(settled_at=None).count() == 0
    assert Hold.objects.filter(state=Hold.State.OPEN).count() == 0
    assert sandbox.get("calls", running="1")["calls"] == []
    assert list(differences()) == []
    for call in Call.objects.all():
        check(call, sandbox.get("calls", number=call.to_e164)["calls"])
