"""The shape of refusals, from outside."""

import pytest
from django.test import Client


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
    named = {"latest_version", "min_version", "install_command", "wheel_url", "support_email"}
    assert set(answer.json()) == named


@pytest.mark.usefixtures("still_clock")
def test_public_read_is_throttled_with_retry_after(client: Client) -> None:
    answers = [client.get("/api/cli/v1/client") for _ in range(121)]
    assert [a.status_code for a in answers].count(429) == 1
    assert answers[-1].json()["error"]["code"] == "throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600


@pytest.mark.django_db
def test_refusal_on_a_page_gives_the_hint_of_pages(client: Client) -> None:
    assert "Check the address" in client.get("/nowhere").content.decode()
    assert "Check the id" in client.get("/api/cli/v1/nowhere").content.decode()
