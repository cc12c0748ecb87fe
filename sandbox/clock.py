"""Time that can run faster than a person's.

What people wait for (ringing, talking, retries) runs on `pace`, whose speed tests raise. What
expires (codes, checkout pages, idempotency keys) runs on `wall`, so that a fast call does not age
everything else. `advance` moves both.
"""

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

log = logging.getLogger(__name__)

Callback = Callable[[], None]


@dataclass(order=True, slots=True)
class Timer:
    due: float
    order: int
    callback: Callback | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class Timeline:
    """A heap of timers on a clock with a speed.

    `now()` inside a callback is the instant it was due. Chains of timers therefore add up exactly,
    however late the loop comes to run them.
    """

    def __init__(self, origin: float) -> None:
        self.speed = 1.0
        self._origin = origin
        self._real_origin = time.monotonic()
        self._running_at: float | None = None
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        if self._running_at is not None:
            return self._running_at
        return self._origin + (time.monotonic() - self._real_origin) * self.speed

    def call_at(self, due: float, callback: Callback) -> Timer:
        timer = Timer(due, next(self._order), callback)
        heapq.heappush(self._timers, timer)
        if self._running_at is None and self._timers[0] is timer:
            self._set_alarm()
        return timer

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        return self.call_at(self.now() + seconds, callback)

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self.call_later(seconds, awake.set)
        await awake.wait()

    def set_speed(self, speed: float) -> None:
        self._rebase(self.now())
        self.speed = speed
        self._set_alarm()

    def advance(self, seconds: float) -> None:
        self._rebase(self.now() + seconds)
        self._set_alarm()

    def clear(self) -> None:
        self._timers.clear()

    def overdue(self) -> int:
        """Return how many timers run as soon as the loop comes to them."""
        now = self.now()
        return sum(timer.callback is not None and timer.due <= now for timer in self._timers)

    def restart(self, origin: float) -> None:
        """From `origin` on, with nothing due: an advance of an earlier test is forgotten."""
        self.clear()
        self._rebase(origin)

    def _rebase(self, now: float) -> None:
        self._origin, self._real_origin = now, time.monotonic()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            delay = max(0.0, (self._timers[0].due - self.now()) / self.speed)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        now = self.now()
        while self._timers and self._timers[0].due <= now:
            timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._running_at = timer.due
                self._run(timer.callback)
        self._running_at = None
        self._set_alarm()

    def _run(self, callback: Callback) -> None:
        try:
            callback()
        except Exception:  # one call's failure must not stop everybody's clock
            log.exception("A timer failed")


class Clock:
    def __init__(self) -> None:
        self.pace = Timeline(origin=0.0)
        self.wall = Timeline(origin=time.time())

    def advance(self, seconds: float) -> None:
        self.pace.advance(seconds)
        self.wall.advance(seconds)

    def timestamp(self) -> int:
        return int(self.wall.now())

    def instant(self) -> datetime:
        return datetime.fromtimestamp(self.wall.now(), UTC)

    def reset(self) -> None:
        self.pace.clear()
        self.wall.restart(time.time())
        self.pace.set_speed(1.0)
