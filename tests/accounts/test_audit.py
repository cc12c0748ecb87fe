"""The audit log is written once and never holds a secret."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from accounts.audit import record
from accounts.models import AppendOnlyError, AuditEvent, User
from accounts.secrets import new_secret
from tests.database import ON_SQLITE

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_event_says_who_from_where_and_by_what(alice: User) -> None:
    request = RequestFactory().get(
        "/api/cli/v1/token", REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="moby/1\x07 (x)"
    )
    event = record("token.shown", account=alice.account, user=alice, request=request, name="ci")
    assert (event.via, event.ip, event.user_agent) == ("api", "198.51.100.7", "moby/1 (x)")
    assert event.facts == {"name": "ci"}


def test_event_hides_a_token_among_its_facts(alice: User) -> None:
    secret = new_secret("pat")
    event = record("x.y", account=alice.account, said=f"Bearer {secret}", more=[{"deep": secret}])
    event.refresh_from_db()
    assert event.facts == {"said": "Bearer moby_pat_…", "more": [{"deep": "moby_pat_…"}]}


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
