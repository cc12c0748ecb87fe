"""Statements that are planned once for each connection."""

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans anew each time")
def test_token_look_up_is_planned_once(client_of_alice: Client) -> None:
    for _ in range(3):
        client_of_alice.get("/api/cli/v1/balance")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(generic_plans + custom_plans) FROM pg_prepared_statements"
            " WHERE statement LIKE '%%billing_wallet t3%%' AND statement LIKE '%%digest = $1%%'"
        )
        (statements, uses) = cursor.fetchone()
    assert statements == 1
    assert uses >= 3
