"""Stripe's way in: what is signed is stored once, anything else changes nothing."""

import json
import time
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.models import StripeEvent, TopUp
from tests.billing.conftest import totals

pytestmark = [pytest.mark.db, pytest.mark.django_db]
URL = "/webhooks/stripe"


@pytest.fixture
def topup(alice: User) -> TopUp:
    return TopUp.objects.create(
        account=alice.account, user=alice, amount_micros=20_000_000, expires_at="2100-01-01T00:00Z"
    )


def paid(topup: TopUp, **changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 2_000,
        "currency": "usd",
        "metadata": {"topup_id": topup.public_id},
        "payment_intent": "pi_1",
        "url": None,
        **changes,
    }


def event(data: dict[str, Any], kind: str = "checkout.session.completed", id: str = "evt_1") -> str:
    return json.dumps(
        {
            "id": id,
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": data},
        }
    )


def send(body: str, *, secret: str = settings.STRIPE_WEBHOOK_SECRET, seconds_later: int = 0) -> int:
    now = int(time.time()) + seconds_later
    header = stripe.WebhookSignature.generate_signature_header(body, secret, now)
    headers = {"stripe-signature": header}
    answer = Client().post(URL, body, content_type="application/json", headers=headers)
    return answer.status_code


def test_webhook_delivered_twice_credits_once(topup: TopUp) -> None:
    assert [send(event(paid(topup))) for _ in range(2)] == [200, 200]
    assert totals(topup.account) == (20, 0)
    stored = StripeEvent.objects.get()
    assert (stored.outcome, stored.reference) == ("applied", topup.public_id)


def test_two_events_about_one_payment_credit_once(topup: TopUp) -> None:
    later = "checkout.session.async_payment_succeeded"
    assert send(event(paid(topup))) == send(event(paid(topup), later, "evt_2")) == 200
    assert totals(topup.account) == (20, 0)


@pytest.mark.parametrize(
    ("secret", "seconds_later"),
    [
        ("whsec_other", 0),
        (settings.STRIPE_WEBHOOK_SECRET, -400),
        (settings.STRIPE_WEBHOOK_SECRET, 400),
    ],
)
def test_webhook_of_another_signature_or_time_is_refused(
    topup: TopUp, secret: str, seconds_later: int
) -> None:
    assert send(event(paid(topup)), secret=secret, seconds_later=seconds_later) == 400
    assert not StripeEvent.objects.exists()
    assert totals(topup.account) == (0, 0)


@pytest.mark.parametrize("header", ["", "nonsense", "t=1,v1=00", "t=x,v1=00", "v1=00", "t=,v1="])
def test_webhook_without_a_proper_signature_is_refused(topup: TopUp, header: str) -> None:
    answer = Client().post(
        URL,
        event(paid(topup)),
        content_type="application/json",
        headers={"stripe-signature": header},
    )
    assert answer.status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"evt"', "{}", '{"id": "evt_1"}', '{"id": 1, "type": "x"}']
)
def test_right_signature_under_a_body_that_is_no_event_is_refused(db: None, body: str) -> None:
    assert send(body) == 400
    assert not StripeEvent.objects.exists()


def test_object_that_cannot_be_read_stays_stored_for_later(topup: TopUp) -> None:
    assert send(event(paid(topup, amount_total="20"))) == 400
    assert StripeEvent.objects.get().applied_at is None
    assert totals(topup.account) == (0, 0)


@pytest.mark.parametrize(
    "wrong", [{"amount_total": 1_999}, {"currency": "eur"}, {"id": "cs_test_other"}]
)
def test_session_that_contradicts_its_topup_credits_nothing(
    topup: TopUp, wrong: dict[str, Any]
) -> None:
    TopUp.objects.update(stripe_session_id="cs_test_1")
    assert send(event(paid(topup, **wrong))) == 200
    topup.refresh_from_db()
    assert topup.problem
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.REFUSED
    assert totals(topup.account) == (0, 0)


@pytest.mark.parametrize("payment_status", ["unpaid", "no_payment_required"])
def test_session_that_is_complete_but_not_paid_credits_nothing(
    topup: TopUp, payment_status: str
) -> None:
    assert send(event(paid(topup, payment_status=payment_status))) == 200
    assert totals(topup.account) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("checkout.session.completed", "ignored"), ("customer.created", "unknown")],
)
def test_event_about_nothing_of_ours_is_kept_and_counted(
    topup: TopUp, settings: Settings, kind: str, outcome: str
) -> None:
    settings.METRICS_TOKEN = "of the monitor"
    assert send(event(paid(topup, metadata={}), kind)) == 200
    assert StripeEvent.objects.get().outcome == outcome
    assert totals(topup.account) == (0, 0)
    told = Client().get("/metrics", headers={"authorization": "Bearer of the monitor"})
    line = f'mobayilo_stripe_events_last_hour{{outcome="{outcome}"}} 1.0'
    assert line in told.content.decode()


def test_secrets_of_a_payment_are_not_kept(db: None) -> None:
    send(event({"id": "pi_1", "client_secret": "pi_1_secret_2"}, "payment_intent.succeeded"))
    assert StripeEvent.objects.get().payload["data"]["object"] == {"id": "pi_1"}


def test_payment_that_overtakes_its_expiry_is_credited(topup: TopUp) -> None:
    expired = paid(topup, status="expired", payment_status="unpaid")
    send(event(expired, "checkout.session.expired"))
    send(event(paid(topup), id="evt_2"))
    send(event(expired, "checkout.session.expired", "evt_3"))
    topup.refresh_from_db()
    assert (topup.status, totals(topup.account)) == ("paid", (20, 0))


def test_webhook_takes_posts_only(db: None) -> None:
    assert Client().get(URL).status_code == 405
