"""Statements that are planned once for each connection."""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.ledger import Cause, post
from billing.models import Book, Transfer
from tests.people import api_client, new_token


@pytest.fixture
def client_of_alice(alice: User) -> Client:
    """Her client, past its first request, with history in her account."""
    for number in range(30):
        cause = Cause(f"test:{number}", Book.PROMOTIONS, Transfer.Kind.PROMOTION)
        post(account=alice.account, amount_micros=1_000_000, cause=cause)
    client = api_client(new_token(alice).secret)
    client.get("/api/cli/v1/token")
    return client


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
