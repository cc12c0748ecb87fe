"""The form of an answer."""

import pytest
from django.test import Client


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["", "text/html", "application/xml;q=0.9", "nonsense"])
def test_api_answers_json_whatever_is_accepted(client: Client, accept: str) -> None:
    answer = client.get("/api/cli/v1/client", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
