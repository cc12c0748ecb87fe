"""When a provider is left alone, and when it is asked again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from mobayilo.lib.circuit import Circuit
from mobayilo.lib.errors import ProductError

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
CIRCUIT = Circuit("test", "weather service", failures=3, window_seconds=30, pause_seconds=1)


def ask(circuit: Circuit = CIRCUIT, *, code: str = "") -> str:
    """Return the end of a request: by the provider, or by the circuit, which then asks nothing."""
    try:
        circuit.refuse_if_open()
    except ProductError as refused:
        return f"left alone: {refused.code}"
    try:
        with circuit.watch():
            if code:
                raise ProductError(code, "No.")
    except ProductError as error:
        return error.code
    return "answered"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time that passes only when a test says so."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def fail(times: int, circuit: Circuit = CIRCUIT) -> list[str]:
    return [ask(circuit, code="provider_unavailable") for _ in range(times)]


def test_circuit_opens_at_the_failures_that_it_names() -> None:
    assert fail(4) == ["provider_unavailable"] * 3 + ["left alone: provider_unavailable"]


def test_refusal_shows_who_is_away_and_when_to_come_back() -> None:
    fail(3)
    with pytest.raises(ProductError, match="Our weather service is not answering") as refused:
        CIRCUIT.refuse_if_open()
    assert refused.value.retry_after_seconds == CIRCUIT.pause_seconds


@pytest.mark.parametrize("code", ["", "number_unreachable", "provider_misconfigured"])
def test_any_answer_shows_that_the_provider_is_there(code: str) -> None:
    fail(2)
    ask(code=code)
    assert fail(3) == ["provider_unavailable"] * 3


def test_one_question_is_let_through_after_each_pause_and_a_failure_keeps_it_open(
    clock: time_machine.Traveller,
) -> None:
    fail(3)
    clock.shift(timedelta(seconds=1.1))
    assert fail(2) == ["provider_unavailable", "left alone: provider_unavailable"]


def test_success_of_the_one_let_through_closes_it(clock: time_machine.Traveller) -> None:
    fail(3)
    clock.shift(timedelta(seconds=1.1))
    assert [ask(), ask(), *fail(2)] == ["answered"] * 2 + ["provider_unavailable"] * 2


def test_failures_of_an_earlier_window_are_forgotten(clock: time_machine.Traveller) -> None:
    circuit = Circuit("short", "weather service", failures=3, window_seconds=1)
    fail(2, circuit)
    clock.shift(timedelta(seconds=1.1))
    assert fail(3, circuit) == ["provider_unavailable"] * 3


def test_circuits_know_nothing_of_each_other() -> None:
    fail(3)
    assert ask(Circuit("other", "weather service", failures=3)) == "answered"
