"""Many at once, on real connections: no deadlock, no lock error, and books that are right."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from billing import ledger
from billing.ledger import Cause
from billing.ledger.adjustments import adjust
from billing.models import Book, Hold, StripeEvent, TopUp, Transfer, Wallet
from billing.payments.disputes import read_dispute, record_claim
from billing.payments.events import replay_event
from billing.payments.gateway import CheckoutSession
from billing.payments.reconciliation import reconcile_topups
from billing.payments.refunds import start_refund
from billing.payments.topups import record_session
from mobayilo.lib.errors import ProductError
from tests.billing.at_once import AT_ONCE, at_once
from tests.billing.money import DOLLAR, assert_books_are_right, capture, credit, hold, totals
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import staff

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
OPERATIONS = 2_000


class Teller:
    """One of the sixteen: does anything to any wallet, and remembers what was refused."""

    def __init__(self, number: int, accounts: list[Account]) -> None:
        self.dice = random.Random(number)
        self.number, self.accounts = number, accounts
        self.keys: list[str] = []
        self.refused: list[str] = []

    def work(self) -> list[str]:
        for step in range(OPERATIONS // AT_ONCE):
            account = self.dice.choice(self.accounts)
            act = self.dice.choice([self.hold, self.hold, self.capture, self.release, self.credit])
            try:
                act(account, f"{self.number}:{step}")
            except ProductError as error:
                self.refused.append(error.code)
        return self.refused

    def hold(self, account: Account, name: str) -> None:
        hold(account, self.dice.randint(100, 500) / 100, name)
        self.keys.append(name)

    def capture(self, account: Account, name: str) -> None:
        if self.keys:
            capture(self.dice.randint(0, 100) / 100, self.dice.choice(self.keys))

    def release(self, account: Account, name: str) -> None:
        if self.keys:
            ledger.release_hold(key=self.dice.choice(self.keys))

    def credit(self, account: Account, name: str) -> None:
        credit(account, self.dice.choice([0.5, -0.25]), f"adjustment:{name}")


@pytest.fixture
def accounts(db: None, request: pytest.FixtureRequest) -> list[Account]:
    """As many as the test asks for, with five dollars each."""
    made = Account.objects.bulk_create(Account() for _ in range(request.param))
    for account in made:
        credit(account, 5, f"adjustment:{account.public_id}")
    return made


@pytest.mark.parametrize("accounts", [1, 200], indirect=True)
def test_mixed_operations_leave_the_books_right(accounts: list[Account]) -> None:
    refused = at_once(lambda number: Teller(number, accounts).work())
    assert {code for codes in refused for code in codes} <= {"insufficient_funds"}
    assert not Wallet.objects.filter(owed_micros__gt=0).exists()
    assert_books_are_right()


def test_parallel_holds_on_a_balance_for_one_place_one(account: Account) -> None:
    def place(number: int) -> str:
        try:
            return hold(account, 20, f"call:{number}").state
        except ProductError as error:
            return error.code

    outcomes = at_once(place)
    assert sorted(outcomes) == ["insufficient_funds"] * (AT_ONCE - 1) + ["open"]
    assert totals(account) == (20, 20)


def test_parallel_holds_of_one_key_are_one_hold(account: Account) -> None:
    assert len({placed.pk for placed in at_once(lambda _: hold(account, 1))}) == 1
    assert totals(account) == (20, 1)


def test_parallel_captures_and_releases_close_a_hold_once(account: Account) -> None:
    hold(account, 5)
    at_once(lambda n: capture(2) if n % 2 else ledger.release_hold(key="call:call_1"))
    closed = Hold.objects.get()
    assert totals(account) == (20 - closed.captured_micros / DOLLAR, 0)
    assert_books_are_right()


def test_parallel_posts_of_one_cause_move_money_once(alice: User) -> None:
    cause = Cause("topup:top_1", Book.STRIPE_CLEARING, Transfer.Kind.TOPUP)
    moved = at_once(
        lambda _: ledger.post(account=alice.account, amount_micros=DOLLAR, cause=cause).pk
    )
    assert len(set(moved)) == 1
    assert totals(alice.account) == (1, 0)


def test_every_user_who_hears_of_a_payment_at_once_credits_it_once(alice: User) -> None:
    topup = TopUp.objects.create(
        account=alice.account, user=alice, amount_micros=DOLLAR, expires_at="2100-01-01T00:00Z"
    )
    paid = CheckoutSession(
        id="cs_1",
        status="complete",
        payment_status="paid",
        amount_cents=100,
        currency="usd",
        url="",
        topup_id=topup.public_id,
        payment_intent_id="pi_1",
        payment_intent_status="",
    )
    at_once(lambda _: record_session(paid))
    assert totals(alice.account) == (1, 0)
    assert_books_are_right()


def test_form_of_support_sent_many_times_at_once_is_recorded_once(account: Account) -> None:
    finance = staff("finance")

    def send(_: int) -> int:
        transfer, _ = adjust(
            account=account,
            amount_micros=DOLLAR,
            kind=Transfer.Kind.ADJUSTMENT,
            staff=finance,
            reason="ticket 4711",
            key="of the form",
        )
        return transfer.pk

    assert len(set(at_once(send))) == 1
    assert totals(account) == (21, 0)
    assert AuditEvent.objects.filter(action="money.adjusted").count() == 1


def test_limit_of_a_day_holds_for_forms_at_once(
    account: Account, charlie: User, settings: Settings
) -> None:
    """Credits of $5 by one member of support, to two accounts, where $20 a day are allowed."""
    settings.ADJUST_MAX_CENTS_PER_DAY_SUPPORT = 2_000
    support, customers = staff("support"), (account, charlie.account)

    def send(index: int) -> bool:
        try:
            adjust(
                account=customers[index % 2], amount_micros=5 * DOLLAR, staff=support,
                kind=Transfer.Kind.PROMOTION, reason="ticket 4711", key=f"form {index}",
            )  # fmt: skip
        except ProductError as refusal:
            return refusal.code != "adjustment_refused"
        return True

    with time_machine.travel("2026-11-24T12:00:00Z"):  # no day begins meanwhile
        assert sum(at_once(send)) == 4
    assert totals(account)[0] + totals(charlie.account)[0] == 40


def test_payment_and_its_early_dispute_are_applied_at_once_without_deadlock(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.act(topup, "pay")
    payment = stripe_sandbox.payment_of(topup)
    stripe_sandbox.dispute(payment)
    stripe_sandbox.settle()
    early = StripeEvent.objects.filter(kind__startswith="charge.dispute")
    events = [StripeEvent.objects.get(kind="checkout.session.completed"), *early]
    for _ in range(10):
        early.update(outcome="ignored", reference=payment)
        at_once(lambda number: replay_event(events[number % len(events)]))
    assert totals(topup.account) == (0, 0)
    assert not early.exclude(outcome="applied").exists()
    assert_books_are_right()


def test_many_times_at_once_a_hold_expires_once(account: Account) -> None:
    placed = hold(account, 5)
    expired = at_once(
        lambda number: ledger.expire_hold(key=placed.key) if number % 2 else capture(2)
    )
    assert sum(one is True for one in expired) <= 1
    assert len({one.pk for one in expired if isinstance(one, Transfer)}) == 1
    assert totals(account) == (18, 0)
    assert_books_are_right()


def test_refund_and_dispute_at_once_take_the_payment_once(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    claim = read_dispute(
        {
            "id": "du_1",
            "status": "needs_response",
            "amount": 2_000,
            "currency": "usd",
            "payment_intent": paid.stripe_payment_intent_id,
        }
    )

    def work(number: int) -> None:
        if number % 2:
            record_claim(claim)
            return
        with suppress(ProductError):
            start_refund(
                topup=TopUp.objects.get(),
                amount_micros=20 * DOLLAR,
                user=paid.user,
                reason="",
                key="of the form",
            )

    at_once(work)
    stripe_sandbox.settle()
    paid.refresh_from_db()
    assert paid.refunded_micros + paid.disputed_micros == 20 * DOLLAR
    assert totals(paid.account) == (0, 0)
    assert_books_are_right()


def test_webhook_and_reconciliation_at_once_credit_once(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.rule("hold")
    stripe_sandbox.act(topup, "pay")
    TopUp.objects.update(created_at=timezone.now() - timedelta(hours=1), asked_stripe_at=None)

    def work(number: int) -> None:
        if number:
            reconcile_topups()
        else:
            stripe_sandbox.control.post("webhooks/release", order="reverse")

    at_once(work)
    stripe_sandbox.settle()
    assert totals(topup.account) == (20, 0)
    assert Transfer.objects.count() == 1
