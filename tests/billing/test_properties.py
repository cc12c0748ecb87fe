"""Any interleaving of everything that moves money keeps every invariant.

The machine plays customers, calls, banks and support; the sandbox plays Stripe. Its webhooks are
held and delivered late, in any order, more than once, or not at all. The model is plain arithmetic.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import pytest
import requests
import stripe
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.ledger.audit import differences
from billing.models import Book, Hold, Refund, TopUp, Transfer
from billing.payments import gateway
from billing.payments.reconciliation import reconcile_topups
from billing.payments.refunds import start_refund
from billing.payments.topups import start_topup
from mobayilo.lib.errors import ProductError
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
CENT = 10_000
# One takes about three seconds; `make fuzz` gives the seconds to go on for.
SECONDS = os.environ.get("FUZZ_SECONDS")
EXAMPLES = max(20, int(SECONDS) // 3) if SECONDS else 8
cents = st.integers(1, 1_000)


@dataclass(eq=False)
class Payment:
    """The acts of Stripe and the bank on a top-up, in cents."""

    topup: TopUp
    id: str
    refunds: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    is_warned: bool = False

    @property
    def is_claimed(self) -> bool:
        return bool(self.disputes) or (self.is_warned and not self.closed)

    @property
    def worth_cents(self) -> int:
        """Return the amount that it leaves in the wallet, once every event has come."""
        left = self.topup.amount_cents - sum(self.refunds.values())
        claimed = sum(self.disputes.values())
        if self.is_warned and not self.closed:
            claimed = self.topup.amount_cents
        return left - min(left, claimed)


class Money(RuleBasedStateMachine):
    """One customer, with everything that can happen to their money."""

    stripe: ClassVar[StripeSandbox]
    payments = Bundle[Payment]("payments")
    holds = Bundle[str]("holds")

    def __init__(self) -> None:
        super().__init__()
        self.stripe.control.post("reset")
        self.stripe.rule("hold")
        self.user = User.objects.create_user(f"customer-{User.objects.count()}@example.org")
        self.account = self.user.account
        self.paid: list[Payment] = []
        self.staff = User.objects.create_user(f"staff-{User.objects.count()}@example.org")
        self.captured_micros = 0
        self.credited_micros = 0
        self.held: dict[str, int] = {}
        self.lost: set[str] = set()

    @initialize(target=payments)
    def begin(self) -> Payment:
        return self.pay(2_000)

    @rule(target=payments, amount_cents=st.integers(500, 3_000))
    def top_up(self, amount_cents: int) -> Payment:
        return self.pay(amount_cents)

    def pay(self, amount_cents: int) -> Payment:
        Account.objects.filter(pk=self.account.pk).update(frozen_at=None)  # support looks kindly
        self.account.refresh_from_db()
        topup = start_topup(account=self.account, user=self.user, amount_cents=amount_cents)
        self.stripe.act(topup, "pay")
        self.paid.append(Payment(topup, self.stripe.payment_of(topup)))
        return self.paid[-1]

    @rule(place=st.integers(0, 1_000))
    def a_webhook_arrives(self, place: int) -> None:
        if webhooks := self.webhooks():
            self.deliver(webhooks[place % len(webhooks)])

    @rule(place=st.integers(0, 1_000))
    def a_webhook_gets_lost(self, place: int) -> None:
        if webhooks := self.webhooks():
            self.lost.add(webhooks[place % len(webhooks)])

    @rule(amount_cents=st.integers(-500, 1_000).filter(bool), is_promotion=st.booleans())
    def support_gives_or_takes(self, amount_cents: int, is_promotion: bool) -> None:
        kind = Transfer.Kind.PROMOTION if is_promotion else Transfer.Kind.ADJUSTMENT
        book = Book.PROMOTIONS if is_promotion else Book.ADJUSTMENTS
        cause = Cause(f"adjustment:{Transfer.objects.count()}:{self.account}", book, kind)
        try:
            moved = ledger.post(
                account=self.account, amount_micros=amount_cents * CENT, cause=cause
            )
        except ProductError:
            return
        self.credited_micros += moved.amount_micros

    @rule(
        payment=payments,
        amount_cents=cents,
        status=st.sampled_from(["pending", "succeeded"]),
        by_staff=st.booleans(),
    )
    def a_refund_is_asked_for(
        self, payment: Payment, amount_cents: int, status: str, by_staff: bool
    ) -> None:
        self.stripe.control.post("stripe/refunds", next_status=status)
        payment.topup.refresh_from_db()
        try:
            refund = start_refund(
                topup=payment.topup,
                amount_micros=amount_cents * CENT,
                user=self.staff if by_staff else self.user,
                reason="",
                by_staff=by_staff,
            )
        except ProductError:
            return
        payment.refunds[str(refund.stripe_refund_id)] = amount_cents

    @rule(payment=payments, amount_cents=cents)
    def support_refunds_in_the_dashboard(self, payment: Payment, amount_cents: int) -> None:
        try:
            made = gateway.client().v1.refunds.create(
                {"payment_intent": payment.id, "amount": amount_cents}
            )
        except stripe.StripeError:
            return
        payment.refunds[made.id] = amount_cents

    @rule(payment=payments, place=st.integers(0, 5))
    def a_refund_fails(self, payment: Payment, place: int) -> None:
        if payment.refunds:
            refund = list(payment.refunds)[place % len(payment.refunds)]
            self.stripe.control.post(f"stripe/refunds/{refund}/fail")
            del payment.refunds[refund]

    @rule(payment=payments, amount_cents=cents, how=st.sampled_from(["", "win", "lose"]))
    def the_bank_opens_a_dispute(self, payment: Payment, amount_cents: int, how: str) -> None:
        if not payment.disputes and not payment.closed:
            payment.disputes[self.stripe.dispute(payment.id, amount=amount_cents)] = amount_cents
        if how:
            self.the_bank_decides(payment, how)

    def the_bank_decides(self, payment: Payment, how: str) -> None:
        for dispute in [one for one in payment.disputes if one not in payment.closed]:
            self.stripe.close(dispute, how)
            payment.closed.add(dispute)
            if how == "win":
                del payment.disputes[dispute]

    @rule(payment=payments)
    def the_bank_warns(self, payment: Payment) -> None:
        self.stripe.warn(payment.id)
        payment.is_warned = True

    @rule(target=holds, amount_cents=cents)
    def a_call_begins(self, amount_cents: int) -> str:
        key, amount_micros = f"call:{Hold.objects.count()}:{self.account}", amount_cents * CENT
        frozen = Account.objects.filter(pk=self.account.pk, frozen_at__isnull=False).exists()
        may = self.available_micros() >= amount_micros and not frozen
        expires_at = timezone.now() + timedelta(hours=1)
        try:
            ledger.place_hold(
                account=self.account, amount_micros=amount_micros, key=key, expires_at=expires_at
            )
        except ProductError:
            assert not may
            return ""
        assert may
        self.held[key] = amount_micros
        return key

    @rule(key=holds, amount_micros=st.integers(0, 1_000 * CENT))
    def a_call_ends(self, key: str, amount_micros: int) -> None:
        if hold := Hold.objects.filter(key=key).first():
            used = min(amount_micros, hold.amount_micros)
            payable = max(0, self.available_micros())
            ledger.capture_hold(key=key, amount_micros=used, description="", reference="")
            self.held.pop(key, None)
            if hold.state == Hold.State.OPEN:
                self.captured_micros += used
            elif hold.state == Hold.State.EXPIRED:
                self.captured_micros += min(used, payable)

    @rule(key=holds, end=st.sampled_from([ledger.release_hold, ledger.expire_hold]))
    def a_call_is_given_up(self, key: str, end: Callable[..., bool]) -> None:
        end(key=key)
        self.held.pop(key, None)

    @invariant()
    def the_books_are_right(self) -> None:
        assert list(differences()) == []

    @invariant()
    def calls_hold_what_they_reserved_and_debts_are_what_is_missing(self) -> None:
        wallet = ledger.open_wallet(self.account)
        returning = Hold.objects.filter(wallet=wallet, state="open", key__startswith="refund:")
        held_micros = sum(self.held.values()) + sum(hold.amount_micros for hold in returning)
        assert wallet.held_micros == held_micros
        assert wallet.owed_micros == max(0, held_micros - wallet.balance_micros)

    def teardown(self) -> None:
        """When everything was heard of, the balance is what plain arithmetic says."""
        for refund in [one for payment in self.paid for one in payment.refunds]:
            url = f"{self.stripe.control.url}/control/stripe/refunds/{refund}/settle"
            requests.post(url, timeout=10)  # refused for one that has arrived
        for webhook in reversed(self.webhooks()):
            self.deliver(webhook)
        self.an_hour_passes()
        reconcile_topups()
        reconcile_topups()
        worth_micros = sum(payment.worth_cents for payment in self.paid) * CENT
        balance = ledger.balance_of(self.account)
        spent_micros = self.captured_micros - self.credited_micros
        assert balance.balance_micros == worth_micros - spent_micros
        assert balance.held_micros == sum(self.held.values())
        account = Account.objects.get(pk=self.account.pk)
        claimed = {str(payment.topup) for payment in self.paid if payment.is_claimed}
        assert set(account.frozen_reason.split()[2:]) <= claimed
        self.the_books_are_right()

    def an_hour_passes(self) -> None:
        """As if everything had been open for so long."""
        then = timezone.now() - timedelta(hours=1)
        TopUp.objects.update(created_at=then, asked_stripe_at=None)
        Refund.objects.update(created_at=then, asked_stripe_at=None)

    def available_micros(self) -> int:
        return ledger.balance_of(self.account).available_micros

    def webhooks(self) -> list[str]:
        held = [one["id"] for one in self.stripe.control.get("webhooks")["webhooks"]]
        return [one for one in held if one not in self.lost]

    def deliver(self, webhook: str) -> None:
        sent = self.stripe.control.post(f"webhooks/{webhook}/resend")
        assert sent["attempts"][-1]["status"] == 200


def test_any_interleaving_keeps_every_invariant(stripe_sandbox: StripeSandbox) -> None:
    Money.stripe = stripe_sandbox
    examples = settings(max_examples=EXAMPLES, stateful_step_count=20, deadline=None, database=None)
    run_state_machine_as_test(Money, settings=examples)
