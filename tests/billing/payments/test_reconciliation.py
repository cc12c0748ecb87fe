"""Everything that can go wrong on the way to Stripe: a clear error, and no cent lost or made."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.ledger.audit import audit_ledger
from billing.models import StripeEvent, TopUp, Transfer
from billing.payments.reconciliation import reconcile_topups
from billing.payments.topups import CHECKOUT, start_topup
from tests.billing.money import totals
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
SESSIONS = "/v1/checkout/sessions"
FAULTS = ["429", "500", "503", "timeout", "close", "empty", "malformed", "html"]


@pytest.fixture
def api(alice: User) -> Client:
    return api_of(alice)


def start(api: Client, amount_cents: int = 2_000) -> tuple[int, str]:
    """The status, and the id of the top-up or the code of the error."""
    answer = api.post(
        "/api/cli/v1/topups",
        {"amount_cents": amount_cents},
        content_type="application/json",
        headers={"idempotency-key": "one"},
    )
    body = answer.json()
    return answer.status_code, body["error"]["code"] if "error" in body else body["topup_id"]


def grow_older(**by: int) -> None:
    """As if every top-up had been started so long ago."""
    then = timezone.now() - timedelta(**by)
    TopUp.objects.update(created_at=then, expires_at=then + timedelta(hours=1))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
def test_topup_that_met_a_fault_is_made_once_when_tried_again(
    stripe_sandbox: StripeSandbox, api: Client, kind: str, when: str
) -> None:
    stripe_sandbox.fail(kind, SESSIONS, when=when, times=None)
    assert start(api) == (503, "provider_unavailable")
    stripe_sandbox.heal()
    topup = TopUp.objects.get()
    assert start(api) == (201, topup.public_id)
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    assert totals(topup.account) == (20, 0)
    assert len(stripe_sandbox.sessions()) == 1


def test_key_of_a_topup_that_met_a_fault_is_not_for_another_amount(
    stripe_sandbox: StripeSandbox, api: Client
) -> None:
    stripe_sandbox.fail("500", SESSIONS, times=None)
    assert start(api) == (503, "provider_unavailable")
    stripe_sandbox.heal()
    assert start(api, amount_cents=9_000) == (409, "idempotency_conflict")
    assert start(api) == (201, TopUp.objects.get().public_id)


def test_reconciliation_does_not_wait_for_an_outage_row_by_row(
    stripe_sandbox: StripeSandbox, alice: User
) -> None:
    for _ in range(6):
        start_topup(account=alice.account, user=alice, amount_cents=500)
    grow_older(minutes=5)
    TopUp.objects.update(asked_stripe_at=None)
    stripe_sandbox.fail("500", SESSIONS + "/*", times=None)
    assert reconcile_topups()["top-ups"] == 3
    assert TopUp.objects.filter(asked_stripe_at=None).count() == 3
    stripe_sandbox.heal()
    assert reconcile_topups()["top-ups"] == 6
    assert not TopUp.objects.filter(asked_stripe_at=None).exists()


@pytest.mark.usefixtures("still_clock")
def test_stripe_that_keeps_failing_is_left_alone(
    stripe_sandbox: StripeSandbox, api: Client
) -> None:
    stripe_sandbox.fail("500", SESSIONS, times=None)
    for _ in range(CHECKOUT.failures):
        assert start(api) == (503, "provider_unavailable")
    stripe_sandbox.heal()
    assert start(api) == (503, "provider_unavailable")
    assert stripe_sandbox.sessions() == []
    cache.clear()  # as when the pause is over
    assert start(api)[0] == 201


@pytest.mark.parametrize("when", ["before", "after"])
def test_topup_that_met_a_fault_and_was_given_up_ends(
    stripe_sandbox: StripeSandbox, api: Client, when: str
) -> None:
    stripe_sandbox.fail("500", SESSIONS, when=when, times=2)
    start(api)
    for session in stripe_sandbox.sessions():
        stripe_sandbox.control.post(f"stripe/sessions/{session}/expire")
    stripe_sandbox.settle()
    grow_older(hours=2)
    reconcile_topups()
    ended = TopUp.objects.get()
    assert ended.status == ("failed" if when == "before" else "expired")
    assert audit_ledger().difference_count == 0


@pytest.mark.parametrize("kind", FAULTS)
def test_reconciliation_outlives_a_fault(
    stripe_sandbox: StripeSandbox, topup: TopUp, kind: str
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay")
    grow_older(minutes=5)
    stripe_sandbox.fail(kind, f"{SESSIONS}/*", times=None)
    reconcile_topups()
    assert totals(topup.account) == (0, 0)
    stripe_sandbox.heal()
    TopUp.objects.update(asked_stripe_at=None)
    reconcile_topups()
    reconcile_topups()
    assert totals(topup.account) == (20, 0)
    assert Transfer.objects.count() == 1


def test_reconciliation_leaves_young_topups_to_their_webhooks(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    assert reconcile_topups()["top-ups"] == 0


def test_event_that_was_stored_but_not_applied_is_applied_later(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    paid = StripeEvent.objects.get(kind="checkout.session.completed")
    copy = StripeEvent(stripe_id="evt_copy", kind=paid.kind, payload=paid.payload)
    copy.stripe_created_at = paid.stripe_created_at
    copy.save()
    assert reconcile_topups()["events"] == 1
    copy.refresh_from_db()
    assert copy.outcome == StripeEvent.Outcome.APPLIED
    assert totals(topup.account) == (20, 0)


def test_wrong_key_is_not_taken_for_an_outage(
    stripe_sandbox: StripeSandbox,
    api: Client,
    browser: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.STRIPE_API_KEY = "sk_test_wrong"
    assert start(api) == (503, "provider_misconfigured")
    page = browser.post("/topup", {"amount": "20"}, follow=True).content.decode()
    assert "because of our own account there" in page
    assert "does not answer" not in page
    assert "stripe account at fault" in [one.msg for one in caplog.records]


def test_no_one_listening_is_an_outage(api: Client, settings: Settings) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    assert start(api) == (503, "provider_unavailable")
    assert TopUp.objects.get().status == TopUp.Status.PENDING
