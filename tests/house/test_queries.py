"""Queries of each request, for any number of rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.accounts.device_logins import approve, poll, start
from tests.counted import questions
from tests.house.endpoints import endpoints
from tests.people import api_client, new_token
from tests.production.addresses import addresses, belongings

API = "api/cli/v1/"
WRITING = ("post", "put", "patch", "delete")
# Each write of the API that asks no provider; `{}` is the id of what alice has.
WRITES: dict[tuple[str, str], dict[str, Any]] = {
    ("delete", "caller-ids/<str:public_id>"): {},
    ("post", "caller-ids/<str:public_id>/default"): {},
    ("post", "caller-ids/ask-for-key"): {"asks_for_key": False},
    ("post", "caller-ids/call-mode"): {"call_mode": "computer"},
    ("post", "caller-ids/country"): {"country": "DE"},
    ("post", "caller-ids/only-my-number"): {"only_my_number": True},
    ("delete", "caller-ids/<str:public_id>/register"): {},
    ("post", "calls/<str:public_id>/hangup"): {},
    ("post", "numbers/check"): {"number": "020 7946 0018", "country": "GB"},
    ("post", "quote"): {"to": "+442079460018"},
    ("delete", "sessions/<str:public_id>"): {},
    ("delete", "token"): {},
    ("post", "token/rotate"): {},
    ("post", "tokens"): {"name": "new", "scopes": ["billing:read"]},
    ("post", "tokens/leaked"): {"tokens": ["moby_pat_0123456789ABCDEFGHIJabcdefghij4Us3aw"]},
    ("delete", "tokens/<str:public_id>"): {},
}
# Held with the provider that they ask.
HELD_ELSEWHERE = {
    ("post", path)
    for path in (
        "calls",
        "caller-ids",
        "caller-ids/confirm",
        "caller-ids/<str:public_id>/register",
        "topups",
        "voice/token",
    )
}


def test_balance_asks_exactly_one_question(
    client_of_alice: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        answer = client_of_alice.get("/api/cli/v1/balance")
    assert answer.json()["balance"] == "30.00"


def test_each_read_of_the_api_asks_three_questions_at_most(alice: User) -> None:
    listed = addresses(belongings(alice))
    client = api_client(new_token(alice).secret)
    client.get("/api/cli/v1/rates/GB")  # notes that the token was used, and loads the prices
    asked = {
        address.pattern: questions(lambda path=address.path: client.get(path))  # type: ignore[misc]  # a default that is bound early
        for address in listed
        if address.pattern.startswith(API)
    }
    assert len(asked) > 20
    assert {path: number for path, number in asked.items() if number > 3} == {}


def test_each_write_of_the_api_is_counted_here_or_with_its_provider() -> None:
    listed = {
        (method, path.removeprefix(API))
        for path, entry in endpoints(get_resolver())
        if path.startswith(API)
        for method in WRITING
        if hasattr(entry.callback.cls, method)  # type: ignore[attr-defined]  # a view of DRF
    }
    assert listed == WRITES.keys() | HELD_ELSEWHERE


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_write_asks_twelve_questions_at_most(alice: User, method: str, path: str) -> None:
    [address] = [a for a in addresses(belongings(alice)) if a.pattern == API + path]
    client = api_client(new_token(alice).secret)
    client.get("/api/cli/v1/token")
    answers = []
    number = questions(
        lambda: answers.append(
            getattr(client, method)(
                address.path, WRITES[method, path], content_type="application/json"
            )
        )
    )
    assert answers[0].status_code < 300
    assert number <= 12


def test_each_step_of_a_device_login_asks_twelve_questions_at_most(
    client: Client, alice: User
) -> None:
    begun, had = start(client), {}
    steps: dict[str, Callable[[], Any]] = {
        "ask": lambda: start(client),
        "wait": lambda: poll(client, start(client)["device_code"]),
        "get": lambda: had.update(poll(client, begun["device_code"])[1]),
        "end": lambda: client.post("/oauth/revoke", {"token": had["access_token"]}),
    }
    approve(begun["user_code"], alice)
    asked = {name: questions(step) for name, step in steps.items()}
    assert {step: number for step, number in asked.items() if number > 12} == {}


@pytest.mark.db
def test_balance_of_an_account_without_a_wallet_is_zero(charlie: User) -> None:
    answer = api_client(new_token(charlie).secret).get("/api/cli/v1/balance")
    assert (answer.status_code, answer.json()["balance"]) == (200, "0.00")
