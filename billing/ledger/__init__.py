"""The ledger's doors: the operations by which other modules move, hold and read money."""

from billing.ledger.operations import (
    Balance,
    Cause,
    balance_of,
    capture_hold,
    expire_hold,
    is_held,
    joined_balance,
    lock_available,
    open_wallet,
    place_hold,
    post,
    release_hold,
    release_overdue_holds,
)

__all__ = [
    "Balance",
    "Cause",
    "balance_of",
    "capture_hold",
    "expire_hold",
    "is_held",
    "joined_balance",
    "lock_available",
    "open_wallet",
    "place_hold",
    "post",
    "release_hold",
    "release_overdue_holds",
]
