"""Requests that a limit counts, and requests that it does not."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from mobayilo.lib.ratelimits import LIMITS, Limit
from tests.people import PASSWORD, api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still_clock")]


@pytest.fixture
def _two_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "api-read", Limit("2/h", "token", counted="by each process"))


@pytest.mark.usefixtures("_two_reads")
def test_head_is_counted_with_get(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    statuses = [client.head("/api/cli/v1/token").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get("/api/cli/v1/token").status_code == 429


def test_rotated_token_goes_on_with_its_count(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "tokens-write", Limit("2/h", "token", "closed"))
    secret, statuses = new_token(alice).secret, []
    for _ in range(3):
        answer = api_client(secret).post("/api/cli/v1/token/rotate", {}, "application/json")
        statuses.append(answer.status_code)
        secret = answer.json().get("token", secret)
    assert statuses == [200, 200, 429]


@pytest.mark.usefixtures("_two_reads")
def test_switch_turns_off_what_each_process_counts(alice: User, settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    client = api_client(new_token(alice).secret)
    assert [client.get("/api/cli/v1/token").status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("page", ["login", "signup", "password/reset", "2fa/webauthn/login"])
def test_sign_in_says_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setitem(LIMITS, "sign-in", Limit("2/h", "ip", "closed"))
    form = {"login": "alice@example.org", "email": "alice@example.org", "password": "wrong"}
    answers = [client.post(f"/accounts/{page}/", form) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert 0 < int(answers[2]["Retry-After"]) <= 3600


def test_limits_of_the_sign_in_pages_themselves_have_our_shape(client: Client) -> None:
    form = {"login": "alice@example.org", "password": PASSWORD}
    answers = [client.post("/accounts/login/", form) for _ in range(31)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert b"Too many attempts" in answers[-1].content
