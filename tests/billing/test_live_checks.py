"""Stripe before the site opens, one thing after the other wrong."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from billing.models import StripeEvent
from tests.live_keys import live_key
from tests.opening import wrong_things
from tests.telephony.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ["GET /v1/disputes", "POST /v1/refunds", "GET /v1/checkout/*", "GET /v1/radar/*"]
# What is planted at Stripe, and the only thing that is wrong then.
AT_STRIPE: list[tuple[dict[str, Any], str]] = [
    *[({"lacking_rights": [right]}, "Stripe rights") for right in RIGHTS],
    ({"account": {"charges_enabled": False}}, "Stripe charges"),
    ({"endpoint": {"status": "disabled"}}, "Stripe webhook endpoint"),
    ({"endpoint": {"url": "https://other.example"}}, "Stripe webhook endpoint"),
    ({"endpoint": {"livemode": False}}, "Stripe webhook endpoint"),
    ({"endpoint": {"enabled_events": ["checkout.session.completed"]}}, "Stripe events"),
]


def test_each_fault_at_stripe_names_itself_and_no_other(opening: Sandbox) -> None:
    for changes, subject in AT_STRIPE:
        opening.post("reset")
        opening.post("stripe/account", **changes)
        assert wrong_things() == {subject}, changes


def test_key_that_stripe_does_not_know_is_named(opening: Sandbox, settings: Settings) -> None:
    settings.STRIPE_API_KEY = live_key("other")
    assert wrong_things() == {"Stripe key"}


def test_balance_that_was_paid_in_test_mode_is_named(opening: Sandbox) -> None:
    event = StripeEvent.objects.create(
        stripe_id="evt_1",
        kind="checkout.session.completed",
        payload={"livemode": False},
        stripe_created_at=timezone.now(),
        outcome=StripeEvent.Outcome.APPLIED,
    )
    assert wrong_things() == {"Test payments"}
    StripeEvent.objects.filter(pk=event.pk).update(outcome=StripeEvent.Outcome.OTHER_MODE)
    assert wrong_things() == set()


def test_outage_of_stripe_is_not_taken_for_a_wrong_key(opening: Sandbox) -> None:
    outages = {
        "/v1/charges": "Stripe",
        "/v1/account": "Stripe account",
        "/v1/webhook_endpoints": "Stripe webhook endpoint",
    }
    for path, subject in outages.items():
        # The SDK tries twice.
        opening.post("faults", kind="500", provider="stripe", path=path, times=2)
        assert wrong_things() == {subject}
    opening.post("faults", kind="500", provider="stripe", path="/v1/charges", times=2)
    text = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_live", stdout=text)
    assert "Stripe: Stripe did not answer. Try again in a minute." in text.getvalue()
