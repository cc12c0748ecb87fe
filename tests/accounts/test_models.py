"""Events are written once: no code and no statement changes or deletes one."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.audit import record
from accounts.models import AppendOnlyError, AuditEvent, User
from tests.database import ON_SQLITE

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_event_is_neither_changed_nor_deleted(alice: User) -> None:
    event = record("x.y", account=alice.account)
    for change in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.update(action="z")


@pytest.mark.skipif(ON_SQLITE, reason="the trigger is PostgreSQL's")
@pytest.mark.parametrize("change", ["UPDATE {} SET action = 'z'", "DELETE FROM {}", "TRUNCATE {}"])
def test_event_is_held_by_the_database_itself(alice: User, change: str) -> None:
    record("x.y", account=alice.account)
    statement = change.format(AuditEvent._meta.db_table)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no check
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        connection.cursor().execute(statement)
