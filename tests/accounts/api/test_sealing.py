"""Answers that are kept hold no secret in clear."""

import pytest
from django.core.management import call_command

from accounts.models import IdempotencyKey, User
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
API = "/api/cli/v1"


def test_rotation_repeated_with_its_key_gives_the_same_secret(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    key = {"Idempotency-Key": "k1"}
    first, second = (
        client.post(f"{API}/token/rotate", {}, "application/json", headers=key) for _ in range(2)
    )
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert first.json()["token"] not in str(list(IdempotencyKey.objects.values()))
    again = client.post(f"{API}/token/rotate", {}, "application/json")
    assert again.json()["error"]["code"] == "token_already_rotated"


def test_kept_answer_opens_for_the_same_token_only(alice: User, bob: User) -> None:
    key = {"Idempotency-Key": "k1"}
    api_client(new_token(alice).secret).post(
        f"{API}/token/rotate", {}, "application/json", headers=key
    )
    answer = api_client(new_token(bob).secret).post(
        f"{API}/token/rotate", {}, "application/json", headers=key
    )
    assert answer.json()["error"]["code"] == "idempotency_conflict"


def test_database_and_its_dump_hold_no_secret(alice: User, capsys: pytest.CaptureFixture) -> None:  # type: ignore[type-arg]  # what it captures is text
    secret = new_token(alice).secret
    api_client(secret).get(f"{API}/token")
    call_command("dumpdata", "--all")
    assert secret[9:] not in capsys.readouterr().out
