"""A circuit for Redis, so that not every request waits for counters that do not answer.

A stopped Redis accepts connections and never answers, so that each counter costs a whole time-out.
After one failure a process does not ask Redis for `PAUSE_SECONDS`; then one thread tries.
"""

import time
from collections.abc import Callable
from threading import get_ident
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

PAUSE_SECONDS = 2.0


class CircuitRetry(Retry):
    """redis-py's policy of retries, which runs every command and every connection.

    Each connection has a copy of the policy, so what all connections share is stored in the class.
    """

    away_until = 0.0
    trying_thread: int | None = None

    def call_with_retry(self, do: Callable[[], Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - redis-py's own signature
        """Run a command or connect, or raise ConnectionError at once while Redis is away."""
        state, thread = CircuitRetry, get_ident()
        if not state.away_until or state.trying_thread == thread:
            return self._attempt(do, *args, **kwargs)
        if state.trying_thread is not None or time.monotonic() < state.away_until:
            raise RedisConnectionError("Redis did not answer a moment ago")
        state.trying_thread = thread
        try:
            return self._attempt(do, *args, **kwargs)
        finally:
            state.trying_thread = None

    def _attempt(self, do: Callable[[], Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - redis-py's own signature
        try:
            answer = super().call_with_retry(do, *args, **kwargs)
        except (RedisConnectionError, RedisTimeoutError):
            CircuitRetry.away_until = time.monotonic() + PAUSE_SECONDS
            raise
        CircuitRetry.away_until = 0.0
        return answer
