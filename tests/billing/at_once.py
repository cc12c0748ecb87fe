"""Many at once, on connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

AT_ONCE = 16


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run sixteen threads that start together, each on a connection of its own."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:  # noqa: ANN401 - whatever the work returns
        try:
            start.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))
