"""Many at once, on connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import Any

from django.db import connection, connections, models, transaction

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


def while_waiting_for(row: models.Model, slow: Callable[[], Any], quick: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever `slow` returns
    """Run `quick` while `slow`, on a connection of its own, waits for the lock on a row.

    What `quick` did is committed before `slow` goes on. Return what `slow` returns.
    """

    def run() -> Any:  # noqa: ANN401 - whatever the work returns
        try:
            return slow()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            type(row)._default_manager.select_for_update().get(pk=row.pk)
            waiting = threads.submit(run)
            _wait_for_a_blocked_connection()
            quick()
        return waiting.result()


def _wait_for_a_blocked_connection() -> None:
    deadline = monotonic() + 30
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            # Its view of other connections is that of the first look, unless it is cleared.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone():
                return
            sleep(0.02)
    raise AssertionError("no connection waits for the lock")
