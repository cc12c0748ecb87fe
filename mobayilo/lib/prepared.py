"""Statements that are planned once for each connection.

Django sends every statement as new text. For the few that run on every request or every call,
parsing and planning would cost more than running.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

Values = Sequence[Any] | Mapping[str, Any]


class _PreparedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor that prepares its statements and binds the values on the server."""

    def execute(self, query: Any, params: Values | None = None, **options: Any) -> Any:  # noqa: ANN401 - psycopg's own signature
        return super().execute(query, params, **{**options, "prepare": True})


def fetch_prepared(statement: str, values: Values) -> tuple[Any, ...] | None:
    """Run a statement and return its first row; prepared on PostgreSQL, plain elsewhere.

    It runs inside Django's wrappers, so that errors, counted queries and instrumentation are the
    same as for any other.
    """
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        connection.validate_no_broken_transaction()
        wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        opened = wrap(cast("CursorWrapper", _PreparedCursor(connection.connection)))
    else:
        opened = connection.cursor()
    with opened as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
