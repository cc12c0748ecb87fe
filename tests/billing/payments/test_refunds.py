"""Money on its way back to the card, with the sandbox as Stripe."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Refund, TopUp, Transfer
from billing.payments import gateway
from billing.payments.gateway import StripeRefund
from billing.payments.reconciliation import reconcile_topups
from billing.payments.refunds import refundable_micros, start_refund
from billing.payments.topups import start_topup
from mobayilo.lib.errors import ProductError
from tests.billing.at_once import AT_ONCE, at_once
from tests.billing.money import DOLLAR, assert_books_are_right, capture, hold, promote, totals
from tests.billing.payments.refunding import refund
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def grow_older(**by: int) -> None:
    """As if the refunds had been asked for so long ago."""
    then = timezone.now() - timedelta(**by)
    Refund.objects.update(created_at=then, asked_stripe_at=then)


def test_refund_of_a_part_leaves_the_rest(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    assert refund(paid, 5).status == Refund.Status.SUCCEEDED
    stripe_sandbox.settle()
    paid.refresh_from_db()
    assert (paid.shown_status, totals(paid.account)) == ("partly_refunded", (15, 0))
    refund(paid, 15)
    paid.refresh_from_db()
    assert (paid.shown_status, totals(paid.account)) == ("refunded", (0, 0))
    assert_books_are_right()


def test_mail_about_a_refund_to_a_bank_account_names_no_card(
    stripe_sandbox: StripeSandbox, bank_topup: TopUp
) -> None:
    for act in ("pay_later", "succeed"):
        stripe_sandbox.act(bank_topup, act)
        stripe_sandbox.settle()
    bank_topup.refresh_from_db()
    assert refund(bank_topup, 5).status == Refund.Status.SUCCEEDED
    call_command("send_notices")
    sent = mail.outbox[-1]
    assert sent.subject == "$5.00 refunded"
    assert "$5.00 went back to where you paid from." in sent.body
    assert "card" not in sent.body


def test_refund_under_way_is_held_until_stripe_settles_it(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.control.post("stripe/refunds", next_status="pending")
    under_way = refund(paid, 5)
    assert (under_way.status, totals(paid.account)) == ("pending", (20, 5))
    stripe_sandbox.control.post(f"stripe/refunds/{under_way.stripe_refund_id}/settle")
    stripe_sandbox.settle()
    assert totals(paid.account) == (15, 0)
    assert_books_are_right()


@pytest.mark.parametrize("first_status", ["pending", "succeeded"])
@pytest.mark.parametrize("rule", ["duplicate", "hold"])
def test_refund_that_fails_comes_back_once(
    stripe_sandbox: StripeSandbox, paid: TopUp, first_status: str, rule: str
) -> None:
    stripe_sandbox.rule(rule)
    stripe_sandbox.control.post("stripe/refunds", next_status=first_status)
    failing = refund(paid, 5)
    stripe_sandbox.control.post(f"stripe/refunds/{failing.stripe_refund_id}/fail")
    stripe_sandbox.control.post("webhooks/release", order="reverse")
    stripe_sandbox.settle()
    failing.refresh_from_db()
    assert (failing.status, failing.problem) == ("failed", "lost_or_stolen_card")
    assert (totals(paid.account), refundable_micros(failing.topup)) == ((20, 0), 20 * DOLLAR)
    assert_books_are_right()


def test_refund_of_more_than_is_unused_is_refused(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    hold(paid.account, 3)
    capture(0.005)
    assert refundable_micros(paid) == 19_990_000
    with pytest.raises(ProductError) as refused:
        refund(paid, 20)
    assert (refused.value.code, refused.value.details) == (
        "not_refundable",
        {"refundable_cents": 1_999},
    )
    assert not Refund.objects.exists()


@pytest.mark.parametrize(("spent_after", "refundable"), [(0, 5), (4, 5), (15, 5), (17, 3)])
def test_promotional_credit_is_not_refunded(
    stripe_sandbox: StripeSandbox, paid: TopUp, spent_after: int, refundable: int
) -> None:
    for key, dollars in (("promised", 2), ("earlier", 3)):
        cause = Cause(f"adjustment:{key}", Book.PROMOTIONS, Transfer.Kind.PROMOTION)
        ledger.post(account=paid.account, amount_micros=dollars * DOLLAR, cause=cause)
    hold(paid.account, 20)
    capture(20)
    cause = Cause("adjustment:goodwill", Book.PROMOTIONS, Transfer.Kind.PROMOTION)
    ledger.post(account=paid.account, amount_micros=15 * DOLLAR, cause=cause)
    if spent_after:
        hold(paid.account, spent_after, "call:call_2")
        capture(spent_after, "call:call_2")
    assert refundable_micros(paid) == refundable * DOLLAR


def test_refund_after_the_policys_days_is_supports_to_make(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    TopUp.objects.update(paid_at=timezone.now() - timedelta(days=31))
    paid.refresh_from_db()
    with pytest.raises(ProductError):
        refund(paid, 5)
    assert refund(paid, 5, by_staff=True).status == Refund.Status.SUCCEEDED


def test_refund_by_staff_of_their_own_account_is_one_by_a_customer(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    hold(paid.account, 20)
    capture(20)
    promote(paid.account, 20)
    with pytest.raises(ProductError) as refused:
        start_refund(
            topup=paid, amount_micros=20 * DOLLAR, user=paid.user, reason="Mine", by_staff=True
        )
    assert refused.value.code == "not_refundable"
    assert refund(paid, 20, by_staff=True).status == Refund.Status.SUCCEEDED
    assert_books_are_right()


def test_support_refunds_a_frozen_account(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    Account.objects.update(frozen_at=timezone.now())
    with pytest.raises(ProductError) as refused:
        refund(paid, 5)
    assert refused.value.code == "account_frozen"
    assert refund(paid, 5, by_staff=True).status == Refund.Status.SUCCEEDED
    assert_books_are_right()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["500", "close", "malformed"])
def test_refund_that_stripe_did_not_answer_is_made_once(
    stripe_sandbox: StripeSandbox, paid: TopUp, kind: str, when: str
) -> None:
    stripe_sandbox.rule("drop")
    # The SDK tries twice, but for an answer that is broken.
    times = 1 if kind == "malformed" else 2
    stripe_sandbox.fail(kind, "/v1/refunds", when=when, times=times)
    assert refund(paid, 5).status == Refund.Status.PENDING
    assert totals(paid.account) == (20, 5)
    grow_older(days=2)
    reconcile_topups()
    assert totals(paid.account) == (15, 0)
    assert [one.amount_cents for one in made_at_stripe(paid)] == [500]
    assert_books_are_right()


def test_failure_that_got_lost_is_learned(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    succeeded = refund(paid, 5)
    stripe_sandbox.rule("drop")
    stripe_sandbox.control.post(f"stripe/refunds/{succeeded.stripe_refund_id}/fail")
    assert [reconcile_topups()["refunds unheard of"] for _ in range(2)] == [1, 0]
    assert totals(paid.account) == (20, 0)
    assert_books_are_right()


@pytest.mark.parametrize("second", ["429", "500"])
@pytest.mark.parametrize("first", ["500", "timeout"])
def test_refund_whose_answer_got_lost_is_not_given_back_too(
    stripe_sandbox: StripeSandbox, paid: TopUp, first: str, second: str
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.fail(first, "/v1/refunds", when="after", times=1)
    stripe_sandbox.fail(second, "/v1/refunds", when="before", times=1)
    assert refund(paid, 5).status == Refund.Status.PENDING
    assert totals(paid.account) == (20, 5)
    grow_older(minutes=3)
    reconcile_topups()
    assert totals(paid.account) == (15, 0)
    assert [one.amount_cents for one in made_at_stripe(paid)] == [500]
    assert_books_are_right()


@pytest.mark.parametrize("made", ["pending", "succeeded"])
def test_refund_taken_for_refused_is_debited_when_stripe_made_it(
    stripe_sandbox: StripeSandbox, paid: TopUp, made: str
) -> None:
    payment = stripe_sandbox.payment_of(paid)
    TopUp.objects.update(stripe_payment_intent_id="pi_unknown")
    paid.refresh_from_db()
    with pytest.raises(ProductError):
        refund(paid, 5)
    failed = Refund.objects.get()
    TopUp.objects.update(stripe_payment_intent_id=payment)
    stripe_sandbox.control.post("stripe/refunds", next_status=made)
    gateway.client().v1.refunds.create(
        {"payment_intent": payment, "amount": 500, "metadata": {"refund_id": failed.public_id}}
    )
    stripe_sandbox.settle()
    failed.refresh_from_db()
    assert (failed.status, failed.problem, totals(paid.account)) == (made, "", (15, 0))
    stripe_sandbox.control.post(f"stripe/refunds/{failed.stripe_refund_id}/fail")
    stripe_sandbox.settle()
    assert totals(paid.account) == (20, 0)
    assert_books_are_right()


def made_at_stripe(topup: TopUp) -> list[StripeRefund]:
    return gateway.list_refunds(topup.stripe_payment_intent_id or "")


def test_refund_that_stripe_refuses_comes_back_at_once(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    TopUp.objects.update(stripe_payment_intent_id="pi_unknown")
    paid.refresh_from_db()
    with pytest.raises(ProductError) as refused:
        refund(paid, 5)
    assert refused.value.code == "provider_misconfigured"
    assert totals(paid.account) == (20, 0)
    assert Refund.objects.get().problem == "resource_missing"
    assert_books_are_right()


def test_refund_asked_for_many_times_at_once_is_one(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    def ask(dollars: int) -> Refund:
        return start_refund(
            topup=TopUp.objects.get(),
            amount_micros=dollars * DOLLAR,
            user=paid.user,
            reason="Not needed",
            key="of the form",
        )

    made = at_once(lambda _: ask(15))
    assert {one.pk for one in made} == {Refund.objects.get().pk}
    assert ask(5).amount_micros == 5 * DOLLAR
    assert totals(paid.account) == (0, 0)
    assert_books_are_right()


def test_refunds_of_two_topups_at_once_leave_promotional_credit(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    other = start_topup(account=paid.account, user=paid.user, amount_cents=2_000)
    stripe_sandbox.act(other, "pay")
    stripe_sandbox.settle()
    other.refresh_from_db()
    hold(paid.account, 20)
    capture(20)
    promote(paid.account, 20)

    def ask(number: int) -> str:
        topup = (paid, other)[number % 2]
        try:
            start_refund(topup=topup, amount_micros=20 * DOLLAR, user=paid.user, reason="Unused")
        except ProductError as refusal:
            return refusal.code
        return "refunded"

    outcomes = at_once(ask)
    assert sorted(outcomes) == ["not_refundable"] * (AT_ONCE - 1) + ["refunded"]
    assert totals(paid.account) == (20, 0)
    assert_books_are_right()


def test_customers_refund_so_many_a_month_and_staff_any_number(
    stripe_sandbox: StripeSandbox, paid: TopUp, settings: Settings
) -> None:
    settings.REFUNDS_PER_MONTH = 1
    refund(paid, 1)
    with pytest.raises(ProductError) as refused:
        refund(paid, 1)
    assert refused.value.code == "too_many_refunds"
    refund(paid, 1, by_staff=True)
    Refund.objects.update(created_at=timezone.now() - timedelta(days=31))
    refund(paid, 1)
    assert totals(paid.account) == (17, 0)
