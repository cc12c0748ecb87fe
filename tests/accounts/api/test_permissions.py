"""Scopes of a token."""

import pytest

from accounts.models import AuditEvent, User
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
API = "/api/cli/v1"


def test_missing_scope_is_named_and_told_to_the_owner(alice: User) -> None:
    client = api_client(new_token(alice, "calls:read").secret)
    answer = client.get(f"{API}/tokens")
    assert answer.status_code == 403
    challenge = 'Bearer realm="mobayilo", error="insufficient_scope", scope="tokens:write"'
    assert answer["WWW-Authenticate"] == challenge
    for _ in range(9):
        client.get(f"{API}/tokens")
    assert AuditEvent.objects.filter(action="token.scope_denied").count() == 5
