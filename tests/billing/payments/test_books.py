"""The ledger beside Stripe's own books of a day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing import ledger
from billing.ledger import Cause
from billing.models import AuditReport, Book, Dispute, Refund, StripeEvent, TopUp, Transfer
from billing.payments import gateway
from billing.payments.gateway import list_refunds
from billing.payments.reconciliation import reconcile_topups
from billing.payments.refunds import record_refund, start_refund
from mobayilo.lib.errors import ProductError
from tests.billing.money import DOLLAR, assert_books_are_right, capture, hold, totals
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def compare(day: date | None = None) -> AuditReport:
    """The report of a day, today's by itself; the command's exit status agrees with it."""
    status = 0
    try:
        call_command("reconcile_stripe", date=str(day or timezone.now().date()))
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
    assert f"topup:{paid}: in the ledger, not in Stripe's books" in text


def test_other_amount_is_a_difference(stripe_sandbox: StripeSandbox, topup: TopUp) -> None:
    cause = Cause(f"topup:{topup}", Book.STRIPE_CLEARING, Transfer.Kind.TOPUP)
    ledger.post(account=topup.account, amount_micros=19 * DOLLAR, cause=cause)
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    assert "is 20.00 at Stripe, 19.00 in the ledger" in compare().text


def test_what_stripe_books_on_another_day_is_no_difference(
    stripe_sandbox: StripeSandbox, bank_topup: TopUp
) -> None:
    topup = bank_topup
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay_later")
    stripe_sandbox.control.post("advance", seconds=5 * 86_400)
    stripe_sandbox.act(topup, "succeed")
    TopUp.objects.update(created_at=timezone.now() - timedelta(hours=1), asked_stripe_at=None)
    reconcile_topups()
    topup.refresh_from_db()
    start_refund(topup=topup, amount_micros=DOLLAR, user=topup.user, reason="")
    assert totals(topup.account) == (19, 0)
    report = compare()
    assert report.difference_count == 0, report.text
    assert "clearing account                   2                           19.00" in report.text


def test_refund_that_came_back_and_was_paid_too_is_a_difference(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    start_refund(topup=paid, amount_micros=DOLLAR, user=paid.user, reason="")
    stripe_sandbox.settle()
    refund = Refund.objects.get()
    record_refund(replace(list_refunds(stripe_sandbox.payment_of(paid))[0], status="failed"))
    assert totals(paid.account) == (20, 0)
    assert f"{refund.stripe_refund_id} came back in the ledger only" in compare().text


@pytest.mark.parametrize("how", ["", "win", "lose"])
def test_dispute_that_we_never_heard_of_is_a_difference_until_it_is_learned(
    stripe_sandbox: StripeSandbox, paid: TopUp, how: str
) -> None:
    stripe_sandbox.rule("drop")
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    if how:
        stripe_sandbox.close(dispute, how)
    assert f"adjustment {dispute} is not in the ledger" in compare().text
    assert [reconcile_topups()["disputes unheard of"] for _ in range(2)] == [1, 0]
    assert totals(paid.account) == (20 if how == "win" else 0, 0)
    assert compare().difference_count == 0


def test_decision_and_warning_that_got_lost_are_learned(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    Dispute.objects.update(created_at=timezone.now() - timedelta(days=90))
    stripe_sandbox.rule("drop")
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    reconcile_topups()
    assert totals(paid.account) == (0, 0)
    stripe_sandbox.close(dispute, "win")
    assert compare().difference_count == 1
    reconcile_topups()
    assert (totals(paid.account), compare().difference_count) == ((20, 0), 0)


def test_refund_in_the_dashboard_that_got_lost_is_a_difference(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.rule("drop")
    gateway.client().v1.refunds.create({"payment_intent": paid.stripe_payment_intent_id or ""})
    assert "refund" in compare().text
    assert not StripeEvent.objects.filter(kind="refund.created").exists()


def test_refund_that_someone_else_names_is_debited_once(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    gateway.client().v1.refunds.create(
        {
            "payment_intent": paid.stripe_payment_intent_id or "",
            "amount": 500,
            "metadata": {"refund_id": "ticket 4711"},
        }
    )
    stripe_sandbox.settle()
    call_command("replay_stripe_events")
    assert not StripeEvent.objects.filter(applied_at=None).exists()
    assert reconcile_topups()["refunds unheard of"] == 0
    assert (Refund.objects.get().status, totals(paid.account)) == ("succeeded", (15, 0))
    assert_books_are_right()


@pytest.mark.parametrize("lost", ["stripe:nothing", "stripe:refund.*", "*"])
def test_refund_made_in_the_dashboard_is_debited_even_into_debt(
    stripe_sandbox: StripeSandbox, paid: TopUp, lost: str
) -> None:
    hold(paid.account, 20)
    capture(18)
    stripe_sandbox.rule("drop", lost)
    gateway.client().v1.refunds.create({"payment_intent": paid.stripe_payment_intent_id or ""})
    stripe_sandbox.settle()
    reconcile_topups()
    assert totals(paid.account) == (-18, 0)
    with pytest.raises(ProductError) as refused:
        hold(paid.account, 1, "call:call_2")
    assert refused.value.code == "account_owes"
    assert_books_are_right()


def test_day_of_an_account_that_settles_in_euro_agrees(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.set_account(settles_in="eur", exchange_rate=0.92)
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    topup.refresh_from_db()
    start_refund(topup=topup, amount_micros=5 * DOLLAR, user=topup.user, reason="")
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(topup), amount=500)
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    report = compare()
    assert report.difference_count == 0, report.text
    charges = [line for line in report.text.splitlines() if line.startswith("charge")]
    assert [line.split()[1:] for line in charges] == [["1", "20.00", "20.00", "0.00"]]


def test_disputes_are_learned_without_the_right_to_read_warnings(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.set_account(lacking_rights=["GET /v1/radar/*"])
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    assert reconcile_topups()["disputes unheard of"] == 1
    paid.account.refresh_from_db()
    assert paid.account.is_frozen


def test_test_payment_through_the_webhook_of_a_live_server_is_no_credit(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.set_account(event_livemode=True)  # the key of the tests is a test key
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.control.post("stripe/sessions", mode="setup")
    stripe_sandbox.settle()
    assert set(StripeEvent.objects.values_list("outcome", flat=True)) == {"other_mode"}
    assert totals(topup.account) == (0, 0)
