"""Counted questions to the database."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

# What begins and ends a transaction asks nothing.
BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def questions(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    asked = [query["sql"] or "" for query in captured.captured_queries]
    return sum(not sql.startswith(BRACKETS) for sql in asked)
