"""Metrics, as Prometheus reads them."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
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
def test_metrics_know_no_method_that_someone_made_up(client: Client, settings: Settings) -> None:
    client.generic("BREW", "/api/cli/v1/client")
    text = scraped(client, settings)
    assert 'method="other"' in text
    assert "BREW" not in text


@pytest.mark.django_db
def test_metrics_show_webhooks_by_provider_and_outcome(client: Client, settings: Settings) -> None:
    client.post("/webhooks/stripe", b"{}", "application/json")
    client.post("/webhooks/twilio/call/call_x/status")
    text = scraped(client, settings)
    assert 'mobayilo_webhooks_total{outcome="refused",provider="stripe"}' in text
    assert 'mobayilo_webhooks_total{outcome="refused",provider="twilio"}' in text


@pytest.mark.django_db
@pytest.mark.usefixtures("still_clock")
def test_metrics_show_calls_audits_and_periodic_work(
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


@pytest.mark.django_db
@pytest.mark.usefixtures("no_redis")
def test_process_stays_ready_without_redis_and_says_so(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    ready = client.get("/readyz")
    told = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).content.decode()
    assert (ready.status_code, ready.json()["checks"]["cache"]) == (200, False)
    assert ready.json()["status"] == "degraded"
    assert 'mobayilo_wrong{what="counters_away"} 1.0' in told


@pytest.mark.django_db
def test_metrics_compare_the_cost_of_calls_with_their_income(
    alice: User, client: Client, settings: Settings
) -> None:
    past_call(alice, proved_phone(alice), ("+442079460018", "GB", "busy", 0))
    facts = {"leg_a_seconds": 61, "leg_a_micros_per_minute": 15_000_000}
    Call.objects.update(created_at=timezone.now(), leg_a_cost_micros=0, **facts)
    text = scraped(client, settings)
    assert 'mobayilo_call_dollars_last_hour{kind="cost"} 30.0' in text
    assert 'mobayilo_call_dollars_last_hour{kind="income"} 0.0' in text
