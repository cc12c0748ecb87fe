"""A thousand calls at once, through the API, the sandbox and all of their webhooks."""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from django.core.management import call_command
from django.db.models import QuerySet

from billing.models import Hold
from dev.stack import Stack
from telephony.models import Call
from tests.bench import data
from tests.bench.figures import Figures

CALLS, CUSTOMERS, AT_ONCE = 1_000, 100, 16
# Talks outlast the placing of all calls; then the sandbox's clock is moved past their end.
SPEED, TALK_SECONDS = 5, 590
SETTLED_WITHIN_SECONDS = 300
DESTINATION = "+442079460018"
# What holds one customer back is tested elsewhere; here a hundred stand for a thousand.
SETTINGS = {
    "RATELIMIT_ENABLE": "false",
    "CALLS_AT_ONCE": "100",
    "CALLS_AT_ONCE_NEW_ACCOUNT": "100",
    "CALLS_PER_HOUR": "1000000",
    "NEW_NUMBERS_PER_HOUR": "1000000",
    "SPEND_MAX_CENTS_PER_DAY": "100000000",
    "UNPAID_COST_MAX_CENTS_PER_DAY": "100000000",
    "LOG_LEVEL": "WARNING",
}


def measure(figures: Figures) -> None:
    callers = [_caller(number) for number in range(CUSTOMERS)]
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), database_url=os.environ["DATABASE_URL"], settings=SETTINGS) as stack,
    ):
        stack.control("speed", {"speed": SPEED})
        stack.control("numbers", {"number": DESTINATION, "talk_seconds": TALK_SECONDS})
        _measure(figures, stack, callers)
    call_command("audit_ledger", stdout=io.StringIO())  # raises on a difference


def _measure(figures: Figures, stack: Stack, callers: list[str]) -> None:
    web, started = stack.web, time.perf_counter()
    placed = _together(
        lambda number: _post(f"{web}/api/cli/v1/calls", callers[number % CUSTOMERS]), CALLS
    )
    figures.add("calls_placed_per_second", CALLS / (time.perf_counter() - started))
    figures.add("place_call_p99_ms", _p99_ms(placed))
    _wait_until_none(Call.objects.filter(answered_at=None), started)
    running = Call.objects.filter(ended_at=None)
    figures.add("calls_open_at_once", running.count(), "all answered, none ended")
    stack.control("advance", {"seconds": TALK_SECONDS})
    _wait_until_none(Call.objects.filter(settled_at=None), started)
    seconds = time.perf_counter() - started
    figures.add("calls_per_second", CALLS / seconds, "placed, bridged, ended and settled")
    if Hold.objects.filter(state=Hold.State.OPEN, key__startswith="call:").exists():
        raise RuntimeError("a hold stays open")
    for name in ("balance", "calls", "transactions"):
        url = f"{web}/api/cli/v1/{name}"
        times = _together(lambda number, url=url: _get(url, callers[number % CUSTOMERS]), 400)  # type: ignore[misc]  # bound now, called below
        figures.add(f"{name}_p99_ms", _p99_ms(times))


def _wait_until_none(calls: QuerySet[Call], started: float) -> None:
    while calls.exists():
        if time.perf_counter() - started > SETTLED_WITHIN_SECONDS:
            raise RuntimeError("calls stay open")
        time.sleep(0.2)


def _caller(number: int) -> str:
    e164 = f"+4474001{25000 + number}"
    return data.new_caller(f"caller{number}@example.org", e164, dollars=1_000)[1]


def _together(ask: Callable[[int], float], times: int) -> list[float]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, range(times)))


def _post(url: str, secret: str) -> float:
    body = {"to": DESTINATION, "max_seconds": 600}
    return _seconds(
        lambda headers: requests.post(url, json=body, headers=headers, timeout=60), secret
    )


def _get(url: str, secret: str) -> float:
    return _seconds(lambda headers: requests.get(url, headers=headers, timeout=60), secret)


def _seconds(ask: Callable[[dict[str, str]], requests.Response], secret: str) -> float:
    started = time.perf_counter()
    answer = ask({"Authorization": f"Bearer {secret}"})
    seconds = time.perf_counter() - started
    if not answer.ok:
        raise RuntimeError(answer.text)
    return seconds


def _p99_ms(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] * 1000
