"""Webhooks in any order, repeated or lost, lead to one end."""

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from telephony.models import Call, CallEvent
from tests.telephony.callers import Person
from tests.telephony.calls.unheard import Played, deliver, play_unheard
from tests.telephony.sandbox import Sandbox
from tests.telephony.webhooks import PRICE

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


# How the phones behave, and the state that the call ends in.
ENDINGS: dict[str, str] = {
    "talk": "completed",
    "hangup": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "own busy": "busy",
    "own no-answer": "no_answer",
    "own failed": "failed",
}


@pytest.fixture
def unlimited(settings: Settings) -> None:
    settings.CALLS_PER_HOUR = settings.NEW_NUMBERS_PER_HOUR = 10_000
    settings.RATELIMIT_ENABLE = False


@hypothesis_settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.lists(st.integers(0, 20), max_size=20),
    ending=st.sampled_from(sorted(ENDINGS)),
)
@pytest.mark.usefixtures("unlimited")
def test_any_order_repetition_and_loss_of_webhooks_ends_the_same(
    caller: Person, sandbox: Sandbox, settings: Settings, order: list[int], ending: str
) -> None:
    balance_before = caller.balance.balance_micros
    played = play_unheard(caller, sandbox, ending)
    for position in order:
        deliver(played.webhooks[position % len(played.webhooks)], settings)
    Call.objects.exclude(reconcile_after=None).update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    assert_is_as_it_was(caller, played, ending, balance_before)


def assert_is_as_it_was(caller: Person, played: Played, ending: str, balance_before: int) -> None:
    """The bill by the sandbox's own record of both legs, worked out here."""
    final = caller.get(f"calls/{played.call.public_id}").json()
    cost = 0
    if played.leg_b_seconds:
        cost = PRICE.leg_a.cost_micros(played.leg_a_seconds)
        cost += PRICE.leg_b.cost_micros(played.leg_b_seconds)
    assert (final["state"], final["duration_seconds"]) == (ENDINGS[ending], played.leg_b_seconds)
    assert caller.balance.balance_micros == balance_before - cost
    assert caller.balance.held_micros == 0
    assert CallEvent.objects.filter(call=played.call).count() <= 16
