"""The arithmetic of a call's price."""

from math import ceil

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from telephony.calls.settlement import charge_of
from telephony.models import Call
from telephony.pricing import CallPrice, Price

prices = st.builds(
    Price,
    micros_per_minute=st.integers(0, 20_000_000),
    first_seconds=st.integers(1, 120),
    next_seconds=st.integers(1, 60),
)
call_prices = st.builds(
    CallPrice,
    leg_a=prices,
    leg_b=prices,
    ring_seconds=st.integers(5, 60),
    asks_for_key=st.booleans(),
)


@given(
    price=call_prices,
    own=st.integers(0, 15_000),
    talk=st.integers(0, 14_340),
    status=st.sampled_from(["completed", "busy", "no-answer", "failed", "canceled"]),
    charges=st.booleans(),
    unconfirmed=st.booleans(),
)
def test_call_costs_the_operator_at_most_what_was_counted_for_it(
    price: CallPrice, own: int, talk: int, status: str, charges: bool, unconfirmed: bool
) -> None:
    status = "" if unconfirmed else status
    talk = min(talk, own) if status == "completed" else 0
    leg_a, leg_b = price.leg_a, price.leg_b
    call = Call(
        leg_a_micros_per_minute=leg_a.micros_per_minute,
        leg_a_first_seconds=leg_a.first_seconds,
        leg_a_next_seconds=leg_a.next_seconds,
        leg_b_micros_per_minute=leg_b.micros_per_minute,
        leg_b_first_seconds=leg_b.first_seconds,
        leg_b_next_seconds=leg_b.next_seconds,
        ring_seconds=price.ring_seconds,
        max_seconds=14_340,
        leg_a_seconds=min(own, price.leg_a_limit_seconds(14_340)),
        leg_b_seconds=talk,
        leg_b_status=status,
        charges_attempt=charges,
        asks_for_key=price.asks_for_key,
        asked_at=timezone.now() if unconfirmed else None,
    )
    cost = ceil((call.leg_a_seconds or 0) / 60) * leg_a.micros_per_minute
    cost += ceil(talk / 60) * leg_b.micros_per_minute
    unpaid = cost - charge_of(call).total_micros
    assert unpaid <= price.most_unpaid_micros(short_seconds=settings.FALSE_ANSWER_SECONDS)


@pytest.mark.parametrize(
    ("first", "following", "seconds", "billed"),
    [
        (60, 60, 0, 0),
        (60, 60, 1, 60),
        (60, 60, 60, 60),
        (60, 60, 61, 120),
        (30, 6, 30, 30),
        (30, 6, 31, 36),
        (1, 1, 59, 59),
        (60, 1, 61, 61),
        (60, 1, 3, 60),
    ],
)
def test_time_is_rounded_up_to_the_increments(
    first: int, following: int, seconds: int, billed: int
) -> None:
    assert Price(1, first, following).billed_seconds(seconds) == billed


def test_cost_is_exact_to_the_micro_dollar() -> None:
    assert Price(12_000, 60, 60).cost_micros(61) == 24_000
    assert Price(10_000, 1, 1).cost_micros(1) == 167  # 166.67 rounded up


@given(price=prices, seconds=st.integers(0, 20_000))
def test_cost_covers_the_time_and_never_falls_as_it_grows(price: Price, seconds: int) -> None:
    cost = price.cost_micros(seconds)
    assert cost >= ceil(price.micros_per_minute * seconds / 60)
    assert price.cost_micros(seconds + 1) >= cost
    assert price.billed_seconds(seconds) - seconds < max(price.first_seconds, price.next_seconds)


@given(
    price=call_prices,
    budget=st.integers(-1_000_000, 50_000_000),
    cap=st.integers(1, 14_340),
)
def test_limit_is_the_longest_that_the_budget_covers(
    price: CallPrice, budget: int, cap: int
) -> None:
    limit = price.limit_seconds(budget_micros=budget, cap_seconds=cap)
    assert 0 <= limit <= cap
    if limit:
        assert price.hold_micros(limit) <= budget
    longer = limit + price.leg_b.next_seconds if limit else price.leg_b.first_seconds
    if longer <= cap:
        assert price.hold_micros(longer) > budget


@given(price=call_prices, limit=st.integers(1, 14_340), used=st.data())
def test_hold_covers_every_call_within_its_limits(
    price: CallPrice, limit: int, used: st.DataObject
) -> None:
    a_seconds = used.draw(st.integers(0, price.leg_a_limit_seconds(limit)))
    b_seconds = used.draw(st.integers(0, limit))
    cost = price.leg_a.cost_micros(a_seconds) + price.leg_b.cost_micros(b_seconds)
    assert cost <= price.hold_micros(limit)
