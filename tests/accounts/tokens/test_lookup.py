"""The look-up of a token by its digest."""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.ledger import Cause, open_wallet, post
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


@pytest.mark.db
def test_token_look_up_reads_rows_as_django_does(alice: User) -> None:
    open_wallet(alice.account)
    made = new_token(alice, "billing:read", max_cents_per_day=500, destinations=["GB"])
    shown = api_client(made.secret).get("/api/cli/v1/token").json()
    assert shown["scopes"] == ["billing:read"]
    assert shown["guards"]["max_cents_per_day"] == 500
    assert shown["guards"]["destinations"] == ["GB"]
    assert shown["created_at"].endswith("Z")


@pytest.mark.db
def test_token_of_a_locked_user_is_unknown(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/api/cli/v1/balance").json()["error"]["code"] == "invalid_token"
