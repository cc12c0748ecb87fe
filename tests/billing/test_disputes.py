"""Disputes and fraud warnings, with the sandbox as Stripe: in any order, to one end."""

import itertools

import pytest

from accounts.models import Account, AuditEvent
from billing.audit import audit_ledger
from billing.models import Dispute, Refund, StripeEvent, TopUp
from billing.refunds import start_refund
from tests.billing.conftest import DOLLAR, StripeSandbox, capture, hold, totals

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def is_frozen(topup: TopUp) -> bool:
    return Account.objects.get(pk=topup.account_id).is_frozen


def assert_books_are_right() -> None:
    report = audit_ledger()
    assert report.difference_count == 0, report.text


def test_dispute_freezes_and_takes_back_even_into_debt(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    hold(paid.account, 20)
    capture(12)
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((-12, 0), True)
    assert AuditEvent.objects.filter(action="account.frozen").count() == 1
    assert_books_are_right()


@pytest.mark.parametrize(("how", "dollars", "frozen"), [("win", 20, False), ("lose", 0, True)])
def test_dispute_that_ends(
    stripe_sandbox: StripeSandbox, paid: TopUp, how: str, dollars: int, frozen: bool
) -> None:
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), how)
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((dollars, 0), frozen)
    assert_books_are_right()


def test_won_dispute_leaves_frozen_what_support_froze(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    Account.objects.update(frozen_at="2026-01-01T00:00:00Z", frozen_reason="Asked by police")
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((20, 0), True)


def test_dispute_of_a_part_takes_that_part(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    assert totals(paid.account) == (15, 0)
    assert_books_are_right()


def test_warning_then_dispute_takes_once_and_winning_returns_all(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((0, 0), True)
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((20, 0), False)
    assert_books_are_right()


def test_warning_is_ended_by_a_refund_of_support(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    done = start_refund(
        topup=paid, amount_micros=20 * DOLLAR, user=paid.user, reason="Fraud", by_staff=True
    )
    stripe_sandbox.settle()
    paid.refresh_from_db()
    assert (done.status, paid.shown_status) == (Refund.Status.SUCCEEDED, "refunded")
    assert totals(paid.account) == (0, 0)
    assert_books_are_right()


HELD = ("checkout.session.completed", "charge.dispute.created", "charge.dispute.closed", "radar.*")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_events_of_a_payment_end_the_same_in_any_order(
    stripe_sandbox: StripeSandbox, topup: TopUp, order: tuple[int, ...]
) -> None:
    for kind in HELD:
        stripe_sandbox.rule("hold", f"stripe:{kind}")
    stripe_sandbox.act(topup, "pay")
    payment = stripe_sandbox.payment_of(topup)
    stripe_sandbox.warn(payment)
    stripe_sandbox.close(stripe_sandbox.dispute(payment, amount=500), "lose")
    stripe_sandbox.settle()
    assert totals(topup.account) == (0, 0)
    stripe_sandbox.control.post("webhooks/release", order=list(order))
    topup.refresh_from_db()
    assert (topup.disputed_micros, is_frozen(topup)) == (20 * DOLLAR, True)
    assert Dispute.objects.get(kind="dispute").state == Dispute.State.LOST
    assert not StripeEvent.objects.exclude(outcome__in=["applied", "ignored"]).exists()
    assert_books_are_right()
