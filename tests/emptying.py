"""Empties the tables between tests that commit.

Django's own way truncates every table and then writes content types, permissions and groups again,
which takes longer than most tests. Here only tables with rows are emptied, and what migrations
write stays.
"""

from functools import cache

from django.apps import apps
from django.db import connection, transaction

# Written by migrations and by no test.
KEPT = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}


def empty_tables() -> None:
    """Delete the rows of every table but those of migrations, in one transaction."""
    # What a test began and did not end.
    connection.close()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_names_of_filled_tables())
        filled = [name for (name,) in cursor.fetchall()]
        if connection.vendor == "postgresql":
            # Neither foreign keys nor the triggers that keep transfers and audit events.
            cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608 - names of our models' tables


@cache
def _names_of_filled_tables() -> str:
    models = apps.get_models(include_auto_created=True)
    names = sorted({model._meta.db_table for model in models if model._meta.managed} - KEPT)
    exists = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM \"{0}\")"
    return " UNION ALL ".join(exists.format(name) for name in names)
