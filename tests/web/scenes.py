"""Customers with something to show."""

from accounts.models import Account
from billing import ledger
from billing.models import Book, Transfer


def credit(account: Account, amount_micros: int, key: str = "adjustment:scene") -> Transfer:
    """Money in the wallet, as support gives it."""
    cause = ledger.Cause(key, Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT, "Credit")
    return ledger.post(account=account, amount_micros=amount_micros, cause=cause)
