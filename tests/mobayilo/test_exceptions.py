"""The shape of refusals, from outside."""

import re

import pytest
from django.test import Client

from accounts.models import User
from mobayilo.lib.errors import ERRORS, ProductError, throttled
from tests.people import api_client, new_token


def test_unknown_api_path_answers_the_error_object(client: Client) -> None:
    answer = client.get("/api/cli/v1/nothing")
    error = answer.json()["error"]
    assert answer.status_code == 404
    assert set(error) == {"code", "message", "hint", "request_id", "details"}
    assert error["code"] == "not_found"
    assert error["request_id"] == answer["X-Request-Id"]


@pytest.mark.db
@pytest.mark.django_db
def test_client_names_the_versions_of_moby(client: Client) -> None:
    answer = client.get("/api/cli/v1/client")
    assert answer.status_code == 200
    assert set(answer.json()) == {"latest_version", "min_version", "install_command"}


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["", "text/html", "application/xml;q=0.9", "nonsense"])
def test_api_answers_json_whatever_is_accepted(client: Client, accept: str) -> None:
    answer = client.get("/api/cli/v1/client", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["{", "", "[" * 100_000, '{"number": Infinity}'], ids=lambda b: b[:9]
)
def test_body_that_is_not_read_is_refused_with_its_form(alice: User, body: str) -> None:
    client = api_client(new_token(alice).secret)
    answer = client.post("/api/cli/v1/quote", body, "application/json")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert error["details"].get("fields") or "JSON object" in error["hint"]


@pytest.mark.django_db
def test_body_that_is_too_large_is_called_so(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    answer = client.post("/api/cli/v1/quote", {"to": "1" * 3_000_000}, "application/json")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "That request is too large.",
    )


@pytest.mark.usefixtures("still_clock")
def test_public_read_is_throttled_with_retry_after(client: Client) -> None:
    answers = [client.get("/api/cli/v1/client") for _ in range(121)]
    assert [a.status_code for a in answers].count(429) == 1
    assert answers[-1].json()["error"]["code"] == "throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        '{"\\u0000": 1}',
        '{"\\ud800": 1}',
        '{"name": "x", "scopes": ["\\ud800"]}',
        '{"name": "x", "scopes": ["\\u0000"]}',
        '{"name": "x", "scopes": ["calls:read"], "guards": {"\\udfff": 1}}',
        "[" * 100_000,
    ],
)
def test_body_that_no_row_can_hold_is_refused(alice: User, body: str) -> None:
    answer = api_client(new_token(alice).secret).post(
        "/api/cli/v1/tokens", body, "application/json", headers={"Idempotency-Key": "one"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_hint_on_a_page_speaks_of_no_terminal(code: str) -> None:
    hint = ProductError(code, "No.").page_hint
    assert hint
    assert not re.search(r"moby |--\w|details|Retry-After|Idempotency|Content-Type|scope", hint)


@pytest.mark.django_db
def test_refusal_on_a_page_gives_the_hint_of_pages(client: Client) -> None:
    assert "Check the address" in client.get("/nowhere").content.decode()
    assert "Check the id" in client.get("/api/cli/v1/nowhere").content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (121, "3 minutes")],
)
def test_wait_is_told_in_minutes_when_it_is_long(seconds: int, words: str) -> None:
    assert throttled(seconds).message == f"Too many requests. Wait {words}."
