"""audit_ledger finds nothing in books that are right, and each fault that is planted."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Account
from billing.models import AuditReport, Refund, TopUp
from billing.payments.disputes import read_dispute, record_claim
from billing.payments.gateway import CheckoutSession, StripeRefund
from billing.payments.refunds import record_refund
from billing.payments.topups import record_session
from tests.billing.money import capture, credit, hold, promote, totals

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def books(account: Account) -> Account:
    """A credit, a call that was captured, and one under way."""
    hold(account, 3)
    capture(1.25)
    hold(account, 2, "call:call_2")
    return account


def audit() -> str:
    """Return the output of the command, whose exit status agrees with the report that it keeps."""
    printed, status = StringIO(), 0
    try:
        call_command("audit_ledger", stdout=printed)
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == min(1, AuditReport.objects.latest("id").difference_count)
    return printed.getvalue()


def plant(statement: str) -> None:
    """Change a row past the triggers of the database, which would refuse it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE billing_transfer DISABLE TRIGGER USER")
        cursor.execute(statement)


def test_audit_of_right_books_finds_nothing(books: Account) -> None:
    printed = audit()
    assert "No difference." in printed
    assert "call_revenue" in printed
    assert AuditReport.objects.get().text == printed.rstrip("\n")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE billing_wallet SET balance_micros = balance_micros + 1", "balance is 18.750001"),
        ("UPDATE billing_wallet SET held_micros = 1", "held is 0.000001, should be 2.00"),
        ("UPDATE billing_transfer SET amount_micros = -1 WHERE kind = 'call'", "balance after"),
        ("UPDATE billing_transfer SET balance_after_micros = 7 WHERE kind = 'call'", "balance"),
        ("UPDATE billing_hold SET captured_micros = 1 WHERE state = 'captured'", "captured is"),
        ("UPDATE billing_transfer SET key = 'x:settle' WHERE kind = 'call'", "should be 0.00"),
        ("DELETE FROM billing_transfer WHERE kind = 'call'", "0 transfers settle holds, 1 holds"),
        (
            "UPDATE billing_transfer SET kind = 'topup' WHERE amount_micros > 0",
            "1 transfers credit",
        ),
        ("UPDATE billing_hold SET key = 'refund:rfd_1' WHERE state = 'open'", "1 holds are for"),
    ],
)
def test_audit_finds_a_planted_fault(books: Account, statement: str, found: str) -> None:
    plant(statement)
    assert found in audit()


def test_audit_finds_a_paid_topup_without_its_credit(books: Account) -> None:
    TopUp.objects.create(
        account=books,
        user=books.users.get(),
        amount_micros=5_000_000,
        status=TopUp.Status.PAID,
        paid_at=timezone.now(),
        expires_at=timezone.now(),
    )
    assert "to be credited is 5.00, should be 0.00" in audit()


def pay(account: Account, cents: int) -> TopUp:
    topup = TopUp.objects.create(
        account=account,
        user=account.users.get(),
        amount_micros=cents * 10_000,
        expires_at=timezone.now(),
    )
    record_session(
        CheckoutSession(
            "cs_1", "complete", "paid", cents, "usd", "", topup.public_id, "pi_1", "succeeded"
        )
    )
    return topup


def send_to_card(topup: TopUp, dollars: int) -> None:
    """A refund that the customer asked for, granted by nothing but the balance."""
    amount_micros = dollars * 1_000_000
    refund = Refund.objects.create(topup=topup, user=topup.user, amount_micros=amount_micros)
    TopUp.objects.update(refunded_micros=F("refunded_micros") + amount_micros)
    hold(topup.account, dollars, f"refund:{refund}")
    answer = StripeRefund(
        f"re_{refund}", "succeeded", dollars * 100, "usd", "pi_1", refund.public_id, ""
    )
    record_refund(answer)


def test_audit_finds_promotional_credit_on_a_card_also_after_the_next_credit(
    account: Account,
) -> None:
    topup = pay(account, 2_000)
    promote(account, 4)
    send_to_card(topup, 3)
    hold(account, 31)
    capture(31)
    promote(account, 9, "more")
    assert "No difference." in audit()
    send_to_card(topup, 12)
    credit(account, 50, "adjustment:later")
    assert f"wallet of {account}: 2.00 of promotions went to a card" in audit()


def test_audit_finds_a_debt_without_a_dispute(account: Account) -> None:
    plant("UPDATE billing_wallet SET balance_micros = -1, owed_micros = 1")
    assert "owed is 0.000001, should be 0.00 at most" in audit()


@pytest.fixture
def returned(account: Account) -> Account:
    """Ten dollars paid, of which two were refunded and five are disputed."""
    pay(account, 1_000)
    record_refund(StripeRefund("re_1", "succeeded", 200, "usd", "pi_1", "", ""))
    dispute = {"id": "du_1", "status": "needs_response", "amount": 500, "currency": "usd"}
    record_claim(read_dispute({**dispute, "payment_intent": "pi_1"}))
    assert totals(account) == (23, 0)
    assert "No difference." in audit()
    return account


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE billing_topup SET refunded_micros = 1", "refunded is 0.000001, should be 2.00"),
        ("UPDATE billing_topup SET disputed_micros = 1", "disputed is 0.000001, should be 5.00"),
        ("UPDATE billing_refund SET amount_micros = 1", "to be moved is -0.000001, should be -2"),
        ("UPDATE billing_refund SET status = 'failed'", "to be moved is 0.00, should be -2.00"),
        (
            "UPDATE billing_refund SET status = 'pending', closed_at = NULL, amount_micros = 1",
            "set aside is 2.00, should be 0.000001",
        ),
        ("UPDATE billing_wallet SET balance_micros = -8000000, owed_micros = 8000000", "at most"),
    ],
)
def test_audit_finds_a_fault_in_what_went_back(
    returned: Account, statement: str, found: str
) -> None:
    plant(statement)
    assert found in audit()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_wallet SET owed_micros = 1",
        "UPDATE billing_wallet SET balance_micros = -1",
        "UPDATE billing_wallet SET balance_micros = -1, owed_micros = 2",
        "UPDATE billing_transfer SET amount_micros = -1 WHERE kind = 'topup'",
        "UPDATE billing_transfer SET amount_micros = 1 WHERE kind = 'dispute'",
        "UPDATE billing_refund SET closed_at = NULL",
        "UPDATE billing_refund SET status = 'pending'",
    ],
)
def test_database_refuses_what_cannot_be(returned: Account, statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        plant(statement)


def test_audit_counts_one_of_each(account: Account) -> None:
    assert audit().startswith("1 wallet, 1 transfer\n")
