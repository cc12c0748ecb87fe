"""The look-up of a token by its digest."""

import pytest

from accounts.models import User
from billing.ledger import open_wallet
from tests.people import api_client, new_token


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
