"""`Idempotency-Key`: a POST that is sent twice is done once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, IdempotencyKey, User
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ASKED = {"name": "robot", "scopes": ["calls:read"]}


@pytest.fixture
def maker(alice: User) -> Client:
    return api_client(new_token(alice).secret)


def make(maker: Client, key: str = "k1", **changes: Any) -> Any:  # noqa: ANN401 - the type of the test client's answers has no name
    return maker.post(
        "/api/cli/v1/tokens",
        {**ASKED, **changes},
        "application/json",
        headers={"Idempotency-Key": key},
    )


def code(answer: Any) -> str:  # noqa: ANN401 - an answer of the test client
    return str(answer.json()["error"]["code"])


def test_second_request_of_a_key_gets_the_first_answer(maker: Client) -> None:
    first, second = make(maker), make(maker)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert AccessToken.objects.filter(name="robot").count() == 1


def test_key_with_another_body_is_a_conflict(maker: Client) -> None:
    make(maker)
    assert code(make(maker, name="other")) == "idempotency_conflict"


def test_refusal_is_kept_as_well(maker: Client) -> None:
    assert code(make(maker, expires_in_days=5000)) == "invalid_request"
    assert make(maker, expires_in_days=5000)["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "ä", "x" * 256, "a b"])
def test_key_that_cannot_be_is_refused(maker: Client, key: str) -> None:
    assert code(make(maker, key)) == "invalid_request"


def test_request_under_way_is_shown_so_and_taken_over_once_it_died(maker: Client) -> None:
    make(maker)
    AccessToken.objects.filter(name="robot").delete()
    IdempotencyKey.objects.update(status=None, body=None)
    assert code(make(maker)) == "idempotency_in_progress"
    IdempotencyKey.objects.update(started_at=timezone.now() - timedelta(seconds=91))
    assert code(make(maker, name="other")) == "idempotency_conflict"
    assert make(maker).status_code == 201


@pytest.mark.parametrize("status", [429, 500, 503])
def test_answer_that_may_pass_runs_again_with_the_same_body_only(
    maker: Client, status: int
) -> None:
    make(maker)
    AccessToken.objects.filter(name="robot").delete()
    IdempotencyKey.objects.update(status=status, body=None)
    assert code(make(maker, name="other")) == "idempotency_conflict"
    assert make(maker).status_code == 201
    assert make(maker)["Idempotent-Replayed"] == "true"


def test_key_is_free_again_after_a_day(maker: Client) -> None:
    make(maker)
    IdempotencyKey.objects.update(started_at=timezone.now() - timedelta(hours=25))
    answer = make(maker, name="other")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer


def test_keys_of_other_accounts_do_not_meet(maker: Client, charlie: User) -> None:
    make(maker)
    assert make(api_client(new_token(charlie).secret)).status_code == 201


def test_body_that_cannot_be_read_takes_no_key(maker: Client) -> None:
    headers = {"Idempotency-Key": "k1"}
    answer = maker.post("/api/cli/v1/tokens", b"{", "application/json", headers=headers)
    assert code(answer) == "invalid_request"
    assert not IdempotencyKey.objects.exists()
    assert make(maker).status_code == 201


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
