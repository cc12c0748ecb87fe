"""Statements that are planned once for each connection."""

import pytest
from django.db import connection
from django.test import Client

from tests.plans import planned


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans anew each time")
def test_token_look_up_is_planned_once(client_of_alice: Client) -> None:
    for _ in range(3):
        client_of_alice.get("/api/cli/v1/balance")
    statements, uses = planned("billing_wallet t3%digest = $1")
    assert statements == 1
    assert uses >= 3
