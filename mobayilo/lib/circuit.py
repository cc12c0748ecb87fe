"""A circuit breaker: a provider that keeps failing is not asked for a while.

Failures are counted in the shared cache, so all processes open together. When the counters cannot
be reached the circuit counts as closed: asking is safe, since nothing here moves money.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

from mobayilo.lib.errors import ProductError

logger = logging.getLogger(__name__)
_CACHE_AWAY = (RedisError, OSError)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit that opens after `failures` failures within a window.

    While it is open, one request every `pause_seconds` is let through to try; a success closes it.
    `provider` is the name that people read.
    """

    name: str
    provider: str
    failures: int = 5
    window_seconds: int = 30
    pause_seconds: int = 10

    def refuse_if_open(self) -> None:
        """Raise `provider_unavailable` while the circuit is open.

        One request in every pause is let through as a trial. Called before anything is reserved.
        """
        try:
            is_closed = cache.get(self._failures_key, 0) < self.failures
            if is_closed or cache.add(self._trial_key, 1, self.pause_seconds):
                return
        except _CACHE_AWAY:
            return
        raise ProductError(
            "provider_unavailable",
            f"Our {self.provider} is not answering at the moment.",
            retry_after_seconds=self.pause_seconds,
        )

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Count the outcome of a request to the provider.

        `provider_unavailable` is a failure; any other answer, also a refusal, is a success.
        """
        try:
            yield
        except ProductError as error:
            if error.code == "provider_unavailable":
                self._failed()
            else:
                self._succeeded()
            raise
        self._succeeded()

    def _failed(self) -> None:
        """Count a failure; open the circuit at as many as `failures` within a window."""
        try:
            cache.add(self._failures_key, 0, self.window_seconds)
            if cache.incr(self._failures_key) == self.failures:
                logger.error("circuit opened", extra={"circuit": self.name})
                cache.set(self._trial_key, 1, self.pause_seconds)
            if cache.get(self._failures_key, 0) >= self.failures:
                # It stays open for as long as the trials fail.
                cache.touch(self._failures_key, self.window_seconds + self.pause_seconds)
        except ValueError:
            return  # the window ended between `add` and `incr`
        except _CACHE_AWAY:
            return

    def _succeeded(self) -> None:
        """Close the circuit, and forget the failures."""
        try:
            if cache.get(self._failures_key):
                cache.delete_many([self._failures_key, self._trial_key])
        except _CACHE_AWAY:
            return

    @property
    def _failures_key(self) -> str:
        return f"circuit:{self.name}:failures"

    @property
    def _trial_key(self) -> str:
        return f"circuit:{self.name}:trial"
