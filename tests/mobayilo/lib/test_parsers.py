"""Bodies that cannot be read."""

import pytest

from accounts.models import User
from tests.people import api_client, new_token


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
