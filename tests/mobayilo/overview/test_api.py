"""GET /api/cli/v1/status, which `moby auth status` shows."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.people import api_client, new_token
from tests.web.scenes import OWN_PHONE, proved_phone

URL = "/api/cli/v1/status"


@pytest.mark.db
def test_status_shows_who_asks_with_which_token(alice: User) -> None:
    made = new_token(alice, "calls:read", name="laptop")
    answer = api_client(made.secret).get(URL).json()
    assert answer["actor"] == {"email": "alice@example.org"}
    assert answer["token"]["id"] == made.row.public_id
    assert answer["token"]["scopes"] == ["calls:read"]
    assert answer["account"] == {
        "id": alice.account.public_id,
        "caller_id_status": "none",
        "caller_id_e164": None,
        "default_country": None,
        "frozen": False,
        "only_my_number": False,
        "asks_for_key": True,
        "call_mode": "callback",
    }


def test_status_shows_the_proved_phone_to_every_user_of_the_account(
    alice: User, bob: User, charlie: User
) -> None:
    proved_phone(alice)
    for user, status, number in [(bob, "verified", OWN_PHONE), (charlie, "none", None)]:
        account = api_client(new_token(user).secret).get(URL).json()["account"]
        assert (account["caller_id_status"], account["caller_id_e164"]) == (status, number)


def test_status_says_that_the_account_is_frozen(alice: User) -> None:
    secret = new_token(alice).secret
    alice.account.frozen_at = timezone.now()
    alice.account.save()
    assert api_client(secret).get(URL).json()["account"]["frozen"] is True


def test_status_refuses_who_has_no_token(client: Client, db: None) -> None:
    response = client.get(URL)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "not_authenticated"
