"""Failures that support finds by the request id that the customer quotes."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from mobayilo.overview.models import FailedRequest
from telephony.models import RefusedCall
from tests.people import api_client, new_token
from tests.web.support_desk import desk_of

pytestmark = [pytest.mark.django_db, pytest.mark.db]
TOPUPS = "/api/cli/v1/topups"


def browser_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def found_by(request_id: str) -> str:
    """The page to which support's search leads."""
    query = {"q": request_id}
    answer = desk_of("support").get("/admin/accounts/account/search/", query, follow=True)
    return answer.content.decode()


def test_refused_topup_is_found_by_the_request_id_that_it_showed(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    error = client.post(TOPUPS, {"amount": "1.00"}, "application/json").json()["error"]
    shown = found_by(error["request_id"])
    for expected in (error["code"], "cli/v1/topups", alice.email):
        assert expected in shown, expected


def test_refusal_beside_a_field_is_kept_too(alice: User) -> None:
    answer = browser_of(alice).post("/caller-ids", {"number": "+44 12"})
    kept = FailedRequest.objects.get(request_id=answer["X-Request-Id"])
    assert (kept.account, kept.code, kept.status) == (alice.account, "invalid_number", 400)


def test_missing_page_is_found(alice: User) -> None:
    answer = browser_of(alice).get("/calls/call_unknown")
    assert answer.status_code == 404
    assert f"<h1>{alice.email}</h1>" in found_by(answer["X-Request-Id"])


def test_fault_of_ours_is_found_with_nothing_of_its_cause(alice: User, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.web.crashing_urls"
    signed_in = browser_of(alice).get("/crash")
    nobody = Client(raise_request_exception=False).get("/crash")
    assert (signed_in.status_code, nobody.status_code) == (500, 500)
    kept = FailedRequest.objects.get(request_id=signed_in["X-Request-Id"])
    assert (kept.account, kept.code, kept.route) == (alice.account, "server_error", "crash")
    assert "9460018" not in kept.message
    assert "server_error" in found_by(nobody["X-Request-Id"])


@pytest.mark.usefixtures("still_clock")
def test_strangers_refusals_and_throttled_ones_are_not_kept(client: Client, alice: User) -> None:
    client.get("/nothing")
    client.get("/api/cli/v1/balance")
    customer = api_client(new_token(alice).secret)
    answers = [customer.get("/api/cli/v1/client").status_code for _ in range(125)]
    assert 429 in answers
    assert not FailedRequest.objects.exists()


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_failed_requests_are_forgotten_after_a_month(alice: User, days: int, kept: bool) -> None:
    browser_of(alice).get("/calls/call_unknown")
    api_client(new_token(alice).secret).post("/api/cli/v1/quote", {"to": "12"}, "application/json")
    assert (FailedRequest.objects.count(), RefusedCall.objects.count()) == (2, 1)
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        call_command("prune_failed_requests")
        call_command("prune_failed_requests")
    assert (FailedRequest.objects.exists(), RefusedCall.objects.exists()) == (kept, kept)


def test_answer_that_is_no_failure_costs_no_query_more(alice: User) -> None:
    client = browser_of(alice)
    assert client.get("/calls").status_code == 200
    assert not FailedRequest.objects.exists()
