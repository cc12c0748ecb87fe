"""The time of day at which tests begin: TEST_CLOCK=23:59:59 moves the clock of this process there.

A test that talks to another process keeps the true time, since the clock of that is not moved.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, time

import pytest
import time_machine

CLOCK = os.environ.get("TEST_CLOCK") or None
# What starts other processes, or a browser whose cookies expire.
PROCESSES = {
    "browser", "chromium", "cluster", "live", "live_server", "moby", "receiver", "sandbox",
    "server", "stack", "stripe_sandbox",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _time_of_day(request: pytest.FixtureRequest) -> Iterator[None]:
    if CLOCK is None or PROCESSES & set(request.fixturenames):
        yield
        return
    moment = datetime.combine(datetime.now(UTC), time.fromisoformat(CLOCK), UTC)
    with time_machine.travel(moment):
        yield
