"""The ledger beside Stripe's own books of a day."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from billing import gateway
from billing.models import AuditReport, Refund, StripeEvent, TopUp
from billing.refunds import start_refund
from tests.billing.conftest import DOLLAR, StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def compare() -> AuditReport:
    """The report of today; the command's exit status agrees with it."""
    status = 0
    try:
        call_command("reconcile_stripe", date=str(timezone.now().date()))
    except SystemExit as end:
        status = int(end.code or 0)
    report = AuditReport.objects.latest("id")
    assert status == min(1, report.difference_count)
    return report


def test_day_of_everything_agrees(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    start_refund(topup=paid, amount_micros=5 * DOLLAR, user=paid.user, reason="")
    failing = start_refund(topup=paid, amount_micros=DOLLAR, user=paid.user, reason="")
    stripe_sandbox.control.post(f"stripe/refunds/{failing.stripe_refund_id}/fail")
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    report = compare()
    assert report.difference_count == 0, report.text
    rows = {line.split()[0]: line.split()[1:] for line in report.text.splitlines()[1:-2]}
    assert rows["charge"] == ["1", "20.00", "20.00", "0.00"]
    assert rows["refund"] == ["2", "-6.00", "-6.00", "0.00"]
    assert rows["refund_failure"] == ["1", "1.00", "1.00", "0.00"]
    assert rows["adjustment"] == ["2", "0.00", "0.00", "0.00"]


def test_payment_that_we_never_credited_is_a_difference(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay")
    report = compare()
    assert report.difference_count == 1
    assert "is not in the ledger" in report.text


def test_credit_that_stripe_does_not_have_is_a_difference(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    TopUp.objects.update(stripe_payment_intent_id="pi_other")
    text = compare().text
    assert f"{paid}: paid in the ledger, not in Stripe's books" in text


def test_other_amount_is_a_difference(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    start_refund(topup=paid, amount_micros=5 * DOLLAR, user=paid.user, reason="")
    Refund.objects.update(amount_micros=4 * DOLLAR)
    assert "is -5.00 at Stripe, -4.00 in the ledger" in compare().text


def test_refund_in_the_dashboard_that_got_lost_is_a_difference(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.rule("drop")
    gateway.client().v1.refunds.create({"payment_intent": paid.stripe_payment_intent_id or ""})
    assert "refund" in compare().text
    assert not StripeEvent.objects.filter(kind="refund.created").exists()


def test_stripe_down_or_a_wrong_day_is_said(settings: Settings, db: None) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reconcile_stripe")
    with pytest.raises(CommandError, match="must be a day"):
        call_command("reconcile_stripe", date="2026-02-30")
