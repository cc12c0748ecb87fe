"""Health, as machines ask for it."""

import pytest
from django.test import Client
from pytest_django import Settings


@pytest.mark.db
@pytest.mark.django_db
def test_readyz_says_what_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]) == (
        200,
        {"database": True, "configuration": True, "cache": True},
    )


def test_healthz_asks_nothing_of_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_of_the_house_ask_by_address(
    client: Client, settings: Settings, path: str
) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://mobayilo.com", ["mobayilo.com"]
    settings.METRICS_TOKEN = "scrape-me"
    headers = {"Host": "10.0.0.2:8000", "Authorization": "Bearer scrape-me"}
    assert client.get(path, headers=headers).status_code == 200
    assert client.get("/rates", headers=headers).status_code == 400


@pytest.mark.usefixtures("no_redis")
def test_healthz_asks_nothing_of_redis(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/healthz").status_code == 200
    assert "unreachable" not in caplog.text
