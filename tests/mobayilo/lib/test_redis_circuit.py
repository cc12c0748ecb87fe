"""A Redis that takes connections and says nothing, as a process that is stopped does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from mobayilo.lib.redis_circuit import CircuitRetry


class Listener:
    """A server that counts its connections, and answers once it may."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.taken: list[socket.socket] = []
        self.answers = False
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                connection = self.socket.accept()[0]
                self.taken.append(connection)
                if self.answers:
                    self._threads.append(threading.Thread(target=self._answer, args=[connection]))
                    self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the client is gone
            while asked := connection.recv(4096):
                connection.sendall(b"+OK\r\n" * asked.count(b"*"))

    def close(self) -> None:
        """End each thread, and close what it waits for: a shutdown wakes it, a close does not."""
        for one in (self.socket, *self.taken):
            with suppress(OSError):  # the client is gone
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for one in (self.socket, *self.taken):
            one.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    CircuitRetry.away_until = 0.0
    listener = Listener()
    yield listener
    listener.close()
    CircuitRetry.away_until = 0.0


def counters(listener: Listener) -> RedisCache:
    port = listener.socket.getsockname()[1]
    retry = CircuitRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2, "retry": retry}
    return RedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options})


def test_silent_redis_is_waited_for_once_and_not_by_each_counter(listener: Listener) -> None:
    store = counters(listener)
    for _ in range(50):
        with pytest.raises(RedisError):
            store.touch("limit", 60)
    assert len(listener.taken) <= 2


def test_redis_that_is_back_is_found_after_the_pause(listener: Listener) -> None:
    store = counters(listener)
    with pytest.raises(RedisError):
        store.touch("limit", 60)
    listener.answers = True
    CircuitRetry.away_until = 1e-9  # the pause is over
    assert store.touch("limit", 60)
    assert CircuitRetry.away_until == 0


def test_product_counts_through_the_circuit() -> None:
    source = (settings.BASE_DIR / "mobayilo" / "settings.py").read_text()
    assert '"retry": CircuitRetry(' in source
