"""The statements that this connection has planned, on PostgreSQL."""

from django.db import connection


def planned(words: str) -> tuple[int, int]:
    """Return how many prepared statements have these words, and how often they were run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(generic_plans + custom_plans), 0)"
            " FROM pg_prepared_statements WHERE statement LIKE %s",
            [f"%{words}%"],
        )
        statements, uses = cursor.fetchone()
    return statements, int(uses)
