"""Statements that are compiled once, and planned once for each connection.

Django compiles every query and sends it as new text. For the few that run on every request or every
call, compiling, parsing and planning would cost more than running.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet, Value

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


class _PreparedCursor(psycopg.Cursor[Row]):
    """A cursor that prepares its statements and binds the values on the server."""

    def execute(self, query: Any, params: Values | None = None, **options: Any) -> Any:  # noqa: ANN401 - psycopg's own signature
        return super().execute(query, params, **{**options, "prepare": True})


def fetch_prepared(statement: str, values: Values) -> Row | None:
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
        row: Row | None = cursor.fetchone()
    return row


class Parameter(Value):
    """A value of a query, by its name, that is known only when the compiled query runs."""

    def as_sql(self, compiler: object, connection: object) -> tuple[str, Any]:
        return "%s", (self,)


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query of Django's as the text of its statement, with the constants in it."""

    statement: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any, Any]) -> "CompiledQuery":
        """Compile a query whose values to come are each a `Parameter`."""
        return cls(*queryset.query.sql_with_params())

    def fetch(self, **values: object) -> Row | None:
        """Run the query with the values of its parameters, and return its first row."""
        given = [
            parameter.output_field.get_db_prep_value(values[parameter.value], connection)
            if isinstance(parameter, Parameter)
            else parameter
            for parameter in self.parameters
        ]
        return fetch_prepared(self.statement, given)
