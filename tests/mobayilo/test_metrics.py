"""Logs, metrics and health, as an operator sees them."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.core.cache import close_caches
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from dev.stack import free_port
from mobayilo.logs import Formatter, mask
from telephony.models import Call
from tests.web.scenes import past_call, proved_phone


@pytest.mark.django_db
def test_metrics_do_not_exist_without_the_token(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "scrape-me"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404


@pytest.mark.django_db
def test_metrics_count_requests_by_route(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    client.get("/api/cli/v1/client")
    answer = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"})
    text = answer.content.decode()
    route = 'mobayilo_requests_total{method="GET",route="api/cli/v1/client",status="200"}'
    assert answer.status_code == 200
    assert route in text
    assert 'mobayilo_oldest_seconds{queue="calls"} 0.0' in text


def scraped(client: Client, settings: Settings) -> str:
    settings.METRICS_TOKEN = "scrape-me"
    answer = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"})
    return answer.content.decode()


@pytest.mark.django_db
def test_metrics_know_no_method_that_somebody_made_up(client: Client, settings: Settings) -> None:
    client.generic("BREW", "/api/cli/v1/client")
    text = scraped(client, settings)
    assert 'method="other"' in text
    assert "BREW" not in text


@pytest.mark.django_db
def test_metrics_tell_webhooks_by_provider_and_outcome(client: Client, settings: Settings) -> None:
    client.post("/webhooks/stripe", b"{}", "application/json")
    client.post("/webhooks/twilio/call/call_x/status")
    text = scraped(client, settings)
    assert 'mobayilo_webhooks_total{outcome="refused",provider="stripe"}' in text
    assert 'mobayilo_webhooks_total{outcome="refused",provider="twilio"}' in text


@pytest.mark.django_db
def test_metrics_tell_calls_audits_and_periodic_work(
    alice: User, client: Client, settings: Settings
) -> None:
    past_call(alice, proved_phone(alice), ("+442079460018", "GB", "busy", 0))
    Call.objects.update(end_reason="busy", created_at=timezone.now())
    never_ran = scraped(client, settings)
    call_command("run_periodic", "--once")
    text = scraped(client, settings)
    assert 'mobayilo_calls_ended_last_hour{reason="busy"} 1.0' in text
    assert 'mobayilo_oldest_seconds{queue="periodic"} +Inf' in never_ran
    assert 'mobayilo_oldest_seconds{queue="periodic"} 0.0' in text
    assert "mobayilo_audit_age_seconds" not in re.sub(r"^#.*$", "", never_ran, flags=re.MULTILINE)
    assert 'mobayilo_audit_age_seconds{subject="ledger"}' in text


@pytest.mark.django_db
def test_metrics_cost_a_fixed_number_of_queries(
    client: Client, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    with django_assert_max_num_queries(15):
        client.get("/metrics", headers={"Authorization": "Bearer scrape-me"})


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


@pytest.fixture
def _no_redis(settings: Settings) -> Iterator[None]:
    """A Redis that refuses connections; the limits of this process are counted in its memory."""
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    location = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {**settings.CACHES, "default": {**redis, "LOCATION": location}}
    yield
    close_caches()


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_redis")
def test_process_stays_ready_without_redis_and_says_so(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    ready = client.get("/readyz")
    told = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).content.decode()
    assert (ready.status_code, ready.json()["checks"]["cache"]) == (200, False)
    assert ready.json()["status"] == "degraded"
    assert 'mobayilo_wrong{what="counters_away"} 1.0' in told


@pytest.mark.usefixtures("_no_redis")
def test_healthz_asks_nothing_of_redis(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/healthz").status_code == 200
    assert "unreachable" not in caplog.text


def test_log_line_is_json_and_hides_numbers_and_tokens() -> None:
    token = "moby_pat_" + "a" * 36
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "call %s %s", ("+442079460018", token), None
    )
    record.request_id = "req_1"
    line = json.loads(Formatter().format(record))
    assert line["message"] == "call +…0018 moby_pat_…"
    assert line["request_id"] == "req_1"


@pytest.mark.parametrize("number", ["+442079460018", "%2B442079460018", "%2b442079460018"])
def test_mask_hides_a_number_however_it_is_written(number: str) -> None:
    assert mask(f"GET /rates?number={number}&x=1") == "GET /rates?number=+…0018&x=1"


def test_mask_leaves_short_numbers_and_amounts_alone() -> None:
    assert mask("+15 % in 2079460018 ms") == "+15 % in 2079460018 ms"


def test_request_id_is_taken_over_from_a_proxy_only_when_harmless(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-Id": "req_from-proxy"})
    replaced = client.get("/healthz", headers={"X-Request-Id": "a b\tc<script>"})
    assert kept["X-Request-Id"] == "req_from-proxy"
    assert replaced["X-Request-Id"].startswith("req_")
    assert "script" not in replaced["X-Request-Id"]
