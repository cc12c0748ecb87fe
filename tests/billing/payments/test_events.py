"""Events of Stripe: which change something, once."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from billing.models import StripeEvent, TopUp
from billing.payments.events import apply_overdue
from tests.billing.money import totals
from tests.billing.payments.stripe_events import event, paid, send
from tests.live_keys import live_key

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_two_events_about_one_payment_credit_once(unpaid: TopUp) -> None:
    later = "checkout.session.async_payment_succeeded"
    assert send(event(paid(unpaid))) == send(event(paid(unpaid), later, "evt_2")) == 200
    assert totals(unpaid.account) == (20, 0)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("checkout.session.completed", "ignored"), ("customer.created", "unknown")],
)
def test_event_about_nothing_of_ours_is_kept_and_counted(
    unpaid: TopUp, settings: Settings, kind: str, outcome: str
) -> None:
    settings.METRICS_TOKEN = "of the monitor"
    assert send(event(paid(unpaid, metadata={}), kind)) == 200
    assert StripeEvent.objects.get().outcome == outcome
    assert totals(unpaid.account) == (0, 0)
    told = Client().get("/metrics", headers={"authorization": "Bearer of the monitor"})
    line = f'mobayilo_stripe_events_last_hour{{outcome="{outcome}"}} 1.0'
    assert line in told.content.decode()


def test_secrets_of_a_payment_are_not_kept(db: None) -> None:
    send(event({"id": "pi_1", "client_secret": "pi_1_secret_2"}, "payment_intent.succeeded"))
    assert StripeEvent.objects.get().payload["data"]["object"] == {"id": "pi_1"}


def test_payment_that_overtakes_its_expiry_is_credited(unpaid: TopUp) -> None:
    expired = paid(unpaid, status="expired", payment_status="unpaid")
    send(event(expired, "checkout.session.expired"))
    send(event(paid(unpaid), id="evt_2"))
    send(event(expired, "checkout.session.expired", "evt_3"))
    unpaid.refresh_from_db()
    assert (unpaid.status, totals(unpaid.account)) == ("paid", (20, 0))


def test_object_that_cannot_be_read_stays_stored_for_later(unpaid: TopUp) -> None:
    assert send(event(paid(unpaid, amount_total="20"))) == 400
    assert StripeEvent.objects.get().applied_at is None
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize(
    "wrong", [{"amount_total": 1_999}, {"currency": "eur"}, {"id": "cs_test_other"}]
)
def test_session_that_contradicts_its_topup_credits_nothing(
    unpaid: TopUp, wrong: dict[str, Any]
) -> None:
    TopUp.objects.update(stripe_session_id="cs_test_1")
    assert send(event(paid(unpaid, **wrong))) == 200
    unpaid.refresh_from_db()
    assert unpaid.problem
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.REFUSED
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize("theirs", ["stripe_payment_intent_id", "stripe_session_id"])
def test_session_with_the_payment_of_another_topup_credits_nothing(
    unpaid: TopUp, theirs: str
) -> None:
    """Answered 200 and kept as a problem: Stripe would send it again for days, to the same end."""
    names = {"stripe_payment_intent_id": "pi_1", "stripe_session_id": "cs_test_1"}
    TopUp.objects.create(
        account=unpaid.account, user=unpaid.user, amount_micros=20_000_000,
        expires_at=unpaid.expires_at, status="paid", paid_at=unpaid.created_at,
        **{theirs: names[theirs]},
    )  # fmt: skip
    assert send(event(paid(unpaid))) == 200
    unpaid.refresh_from_db()
    assert (unpaid.status, bool(unpaid.problem)) == ("pending", True)
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize("payment_status", ["unpaid", "no_payment_required"])
def test_session_that_is_complete_but_not_paid_credits_nothing(
    unpaid: TopUp, payment_status: str
) -> None:
    assert send(event(paid(unpaid, payment_status=payment_status))) == 200
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize(
    ("key", "livemode"),
    [(live_key(), False), (live_key(kind="sk"), None), (live_key(), "true"), ("rk_test_0", True)],
)
def test_event_of_another_mode_than_the_key_credits_nothing(
    unpaid: TopUp, settings: Settings, key: str, livemode: object
) -> None:
    settings.STRIPE_API_KEY = key
    assert send(event(paid(unpaid), livemode=livemode)) == 200
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.OTHER_MODE
    assert totals(unpaid.account) == (0, 0)


def test_live_event_counts_under_a_live_key(unpaid: TopUp, settings: Settings) -> None:
    settings.STRIPE_API_KEY = live_key()
    assert send(event(paid(unpaid), livemode=True)) == 200
    assert totals(unpaid.account) == (20, 0)


def test_test_events_stored_before_opening_are_replayed_to_no_effect(
    unpaid: TopUp, settings: Settings
) -> None:
    StripeEvent.objects.create(
        stripe_id="evt_1",
        kind="checkout.session.completed",
        payload=json.loads(event(paid(unpaid))),
        stripe_created_at=timezone.now(),
    )
    settings.STRIPE_API_KEY = live_key()
    assert apply_overdue() == 1
    call_command("replay_stripe_events")
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.OTHER_MODE
    assert totals(unpaid.account) == (0, 0)
