"""Stripe's way in: what is signed is stored once, anything else changes nothing."""

import pytest
from django.conf import settings
from django.test import Client

from billing.models import StripeEvent, TopUp
from tests.billing.money import totals
from tests.billing.payments.stripe_events import URL, event, paid, send

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_webhook_delivered_twice_credits_once(unpaid: TopUp) -> None:
    assert [send(event(paid(unpaid))) for _ in range(2)] == [200, 200]
    assert totals(unpaid.account) == (20, 0)
    stored = StripeEvent.objects.get()
    assert (stored.outcome, stored.reference) == ("applied", unpaid.public_id)


@pytest.mark.parametrize(
    ("secret", "seconds_later"),
    [
        ("whsec_other", 0),
        (settings.STRIPE_WEBHOOK_SECRET, -400),
        (settings.STRIPE_WEBHOOK_SECRET, 400),
    ],
)
def test_webhook_of_another_signature_or_time_is_refused(
    unpaid: TopUp, secret: str, seconds_later: int
) -> None:
    assert send(event(paid(unpaid)), secret=secret, seconds_later=seconds_later) == 400
    assert not StripeEvent.objects.exists()
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize("header", ["", "nonsense", "t=1,v1=00", "t=x,v1=00", "v1=00", "t=,v1="])
def test_webhook_without_a_proper_signature_is_refused(unpaid: TopUp, header: str) -> None:
    answer = Client().post(
        URL,
        event(paid(unpaid)),
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


def test_event_nested_deeper_than_python_reads_is_refused(db: None) -> None:
    deep = f"{'[' * 100_000}{']' * 100_000}"
    body = event({"id": "pi_1"}, "payment_intent.succeeded").replace('"pi_1"', deep)
    assert send(body) == 400
    nearly = f"{'[' * 900}{']' * 900}"
    assert send(body.replace(deep, nearly)) in (200, 400)


def test_webhook_takes_posts_only(db: None) -> None:
    assert Client().get(URL).status_code == 405


@pytest.mark.parametrize("mode", ["setup", "subscription", "payment"])
def test_session_of_another_product_is_answered_and_ignored(db: None, mode: str) -> None:
    foreign = {"object": "checkout.session", "mode": mode, "metadata": {"topup_id": "top_theirs"}}
    assert send(event(foreign | {"amount_total": None, "currency": None})) == 200
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.IGNORED
