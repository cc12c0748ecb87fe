"""Money moved by hand, and what the books say of it."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account
from billing import ledger
from billing.ledger import Cause
from billing.ledger.audit import audit_ledger
from billing.models import Book, Hold, Transfer

DOLLAR = 1_000_000


def credit(account: Account, dollars: float, key: str = "adjustment:test") -> Transfer:
    cause = Cause(key, Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT, "Credit in a test")
    return ledger.post(account=account, amount_micros=round(dollars * DOLLAR), cause=cause)


def promote(account: Account, dollars: float, key: str = "goodwill") -> Transfer:
    cause = Cause(f"adjustment:{key}", Book.PROMOTIONS, Transfer.Kind.PROMOTION)
    return ledger.post(account=account, amount_micros=round(dollars * DOLLAR), cause=cause)


def hold(account: Account, dollars: float, key: str = "call:call_1") -> Hold:
    return ledger.place_hold(
        account=account,
        amount_micros=round(dollars * DOLLAR),
        key=key,
        expires_at=timezone.now() + timedelta(hours=1),
    )


def capture(dollars: float, key: str = "call:call_1") -> Transfer | None:
    return ledger.capture_hold(
        key=key, amount_micros=round(dollars * DOLLAR), description="A call", reference="call_1"
    )


def totals(account: Account) -> tuple[float, float]:
    """Balance and held, in dollars."""
    balance = ledger.balance_of(account)
    return balance.balance_micros / DOLLAR, balance.held_micros / DOLLAR


def assert_books_are_right() -> None:
    report = audit_ledger()
    assert report.difference_count == 0, report.text
