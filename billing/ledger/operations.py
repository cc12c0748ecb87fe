"""The ledger: the only place where wallets, holds and transfers are written.

Each operation is one transaction, or part of the caller's, and is safe to repeat: a unique key
names its cause, and a repetition finds the result of the first run. Locks are taken in one order,
hold before wallet, so that two operations never wait for each other in a circle. Code that compares
a sum with the available balance reads both after `lock_available`.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Account
from billing.models import Book, Hold, Transfer, Wallet, new_transfer_id
from billing.notices import mail_transfer
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import format_balance, format_held, format_micros
from mobayilo.lib.prepared import fetch_prepared

logger = logging.getLogger(__name__)
HOLDS_PER_RUN = 10_000

# Moves a wallet's totals by %(balance)s and %(held)s. WHERE refuses to go below zero, or further
# below it, unless %(may_owe)s is 1. `owed_micros` follows: a clawback raises it to the
# amount that is missing now, any other cause can only lower it.
MOVE_WALLET = """
UPDATE billing_wallet SET
    balance_micros = balance_micros + %(balance)s,
    held_micros = held_micros + %(held)s,
    owed_micros = CASE
        WHEN balance_micros + %(balance)s >= held_micros + %(held)s THEN 0
        WHEN %(may_owe)s = 0
            AND owed_micros < held_micros + %(held)s - balance_micros - %(balance)s
            THEN owed_micros
        ELSE held_micros + %(held)s - balance_micros - %(balance)s
    END
WHERE id = %(wallet)s AND (
    %(may_owe)s = 1
    OR %(balance)s >= %(held)s
    OR balance_micros + %(balance)s >= held_micros + %(held)s
)
RETURNING balance_micros
"""

# Reserves a part of what is available, in an account that is not frozen, or with %(even_frozen)s 1.
# The row stays locked to the end of the transaction.
RESERVE = """
UPDATE billing_wallet SET held_micros = held_micros + %(amount)s
WHERE account_id = %(account)s
    AND balance_micros - held_micros >= %(amount)s
    AND (%(even_frozen)s = 1 OR NOT EXISTS (
        SELECT 1 FROM accounts_account
        WHERE accounts_account.id = billing_wallet.account_id
            AND accounts_account.frozen_at IS NOT NULL
    ))
RETURNING id
"""

# Closes a hold, takes %(amount)s from the wallet, gives back the rest, inserts the transfer: one
# round trip, since each call ends here. PostgreSQL only; SQLite takes the steps one by one.
CAPTURE_AT_ONCE = """
WITH hold AS (
    UPDATE billing_hold
    SET state = 'captured', captured_micros = %(amount)s, closed_at = %(now)s
    WHERE key = %(hold_key)s AND state = 'open' AND amount_micros >= %(amount)s
    RETURNING wallet_id, amount_micros
), wallet AS (
    UPDATE billing_wallet SET
        balance_micros = balance_micros - %(amount)s,
        held_micros = held_micros - hold.amount_micros,
        owed_micros = LEAST(owed_micros, GREATEST(
            0, held_micros - hold.amount_micros - balance_micros + %(amount)s
        ))
    FROM hold WHERE billing_wallet.id = hold.wallet_id
    RETURNING billing_wallet.id, balance_micros
)
INSERT INTO billing_transfer (
    public_id, wallet_id, book, kind, amount_micros, balance_after_micros,
    key, description, reference, created_at
)
SELECT %(public_id)s, id, %(book)s, %(kind)s, -%(amount)s, balance_micros,
    %(key)s, %(description)s, %(reference)s, %(now)s
FROM wallet
RETURNING id, wallet_id, balance_after_micros
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """The money of an account. `available_micros` may be spent, and is negative if it owes."""

    balance_micros: int
    held_micros: int

    @property
    def available_micros(self) -> int:
        return self.balance_micros - self.held_micros


@dataclass(frozen=True, slots=True)
class Cause:
    """The reason of a transfer: all of its fields but the wallet, the amount and the time."""

    key: str
    book: Book
    kind: Transfer.Kind
    description: str = ""
    reference: str = ""


def open_wallet(account: Account) -> Wallet:
    """Return the account's wallet, and create it if there is none."""
    return Wallet.objects.get_or_create(account=account)[0]


def balance_of(account: Account) -> Balance:
    """Return the balance by one query; it is zero without a wallet."""
    totals = Wallet.objects.filter(account=account).values_list("balance_micros", "held_micros")
    return Balance(*(totals.first() or (0, 0)))


def joined_balance(account: Account) -> Balance:
    """Return the balance of the wallet that was read in one query with the account.

    A wallet that was not read yet is asked for. `balance_of` asks again each time.
    """
    wallet: Wallet | None = getattr(account, "wallet", None)
    return Balance(wallet.balance_micros, wallet.held_micros) if wallet else Balance(0, 0)


def lock_available(account: Account) -> Balance:
    """Lock the account's wallet until the transaction ends, and return its balance.

    Transfers and holds of the wallet that are read afterwards do not change meanwhile either, since
    each is written under this lock. Take locks on top-ups, refunds, disputes and holds before it.
    """
    wallet = Wallet.objects.select_for_update().filter(account=account)
    return Balance(*(wallet.values_list("balance_micros", "held_micros").first() or (0, 0)))


def post(*, account: Account, amount_micros: int, cause: Cause, may_owe: bool = False) -> Transfer:
    """Move money into the account's wallet, or out of it when the amount is negative.

    Raise `insufficient_funds` or `account_owes` when the wallet cannot pay, unless it `may_owe`
    (disputes and refunds that have happened at Stripe already).
    """
    wallet_id = open_wallet(account).pk
    try:
        with transaction.atomic():
            if earlier_transfer := Transfer.objects.filter(key=cause.key).first():
                return earlier_transfer
            transfer = _move(wallet_id, amount_micros, cause, may_owe=may_owe)
            mail_transfer(transfer)
            return transfer
    except IntegrityError:
        # Two transactions at once: the other insert came first, and this one moved nothing.
        if earlier_transfer := Transfer.objects.filter(key=cause.key).first():
            return earlier_transfer
        raise


def place_hold(
    *,
    account: Account,
    amount_micros: int,
    key: str,
    expires_at: datetime,
    even_frozen: bool = False,
) -> Hold:
    """Reserve an amount. The wallet's row stays locked to the end of the caller's transaction.

    Repeated with the same key, return the hold of the first time, also if it is closed by now.
    Raise `insufficient_funds` or `account_owes`; for a frozen account raise `account_frozen`,
    unless `even_frozen` is set, as for a refund by support.
    """
    if amount_micros <= 0:
        raise ValueError("a hold reserves something")
    values = {
        "account": account.pk,
        "amount": amount_micros,
        "even_frozen": int(even_frozen),
    }
    try:
        with transaction.atomic():
            wallet_id = _first_value(RESERVE, values)
            if wallet_id is not None:
                return Hold.objects.create(
                    wallet_id=wallet_id,
                    key=key,
                    amount_micros=amount_micros,
                    expires_at=expires_at,
                )
    except IntegrityError:
        # The key is taken; the rollback to the savepoint undid the second reservation.
        logger.info("hold repeated", extra={"key": key})
    if earlier_hold := Hold.objects.filter(key=key, wallet__account=account).first():
        return earlier_hold
    if not even_frozen and Account.objects.filter(pk=account.pk, frozen_at__isnull=False).exists():
        raise ProductError("account_frozen", "This account is frozen, so nothing was reserved.")
    raise _refusal(account, amount_micros)


CALL: Final = (Book.CALL_REVENUE, Transfer.Kind.CALL)


def capture_hold(
    *,
    key: str,
    amount_micros: int,
    description: str,
    reference: str,
    counts_as: tuple[Book, Transfer.Kind] = CALL,
) -> Transfer | None:
    """Take the used amount from a hold and release the rest; an amount of 0 is a release.

    Repeated, return the transfer of the first time. A hold that has expired pays as far as the
    available balance reaches, since its money may be spent by now. A hold that was released pays
    nothing. Raise ValueError for an amount above the hold's.
    """
    if amount_micros <= 0:
        release_hold(key=key)
        return None
    cause = Cause(f"{key}:settle", *counts_as, description, reference)
    if connection.vendor == "postgresql":
        transfer = _capture_at_once(key, amount_micros, cause)
    else:
        with transaction.atomic():
            transfer = None
            if hold := _close_open_hold(key, Hold.State.CAPTURED, amount_micros):
                transfer = _move(
                    hold.wallet_id, -amount_micros, cause, held_micros=-hold.amount_micros
                )
    if transfer is None:
        transfer = _capture_closed(key, amount_micros, cause)
    if transfer is not None:
        mail_transfer(transfer)
    return transfer


def is_held(key: str) -> bool:
    """Return whether the hold of this key is open and has not expired."""
    now = timezone.now()
    return Hold.objects.filter(key=key, state=Hold.State.OPEN, expires_at__gt=now).exists()


def release_hold(*, key: str) -> bool:
    """Give back the whole of an open hold. Return False if it was closed already."""
    return _close_unused(key, Hold.State.RELEASED)


def expire_hold(*, key: str) -> bool:
    """Close an open hold as expired and give back the whole of it; a late capture may still follow.

    The caller has checked its time. Return False if the hold was closed already.
    """
    return _close_unused(key, Hold.State.EXPIRED)


def release_overdue_holds() -> int:
    """Expire holds whose time is over, the oldest first, and return how many were open until now.

    Safe to run at any time and in several processes.
    """
    overdue = Hold.objects.filter(state=Hold.State.OPEN, expires_at__lte=timezone.now())
    keys = overdue.order_by("expires_at").values_list("key", flat=True)[:HOLDS_PER_RUN]
    return sum(expire_hold(key=key) for key in list(keys))


def _close_unused(key: str, state: Hold.State) -> bool:
    with transaction.atomic():
        hold = _close_open_hold(key, state, 0)
        if hold is None:
            return False
        _move_totals(hold.wallet_id, 0, -hold.amount_micros, may_owe=False)
    return True


def _capture_at_once(key: str, amount_micros: int, cause: Cause) -> Transfer | None:
    fields = {
        "public_id": new_transfer_id(),
        "key": cause.key,
        "book": cause.book.value,
        "kind": cause.kind.value,
        "description": cause.description,
        "reference": cause.reference,
    }
    now = timezone.now()
    values = {**fields, "hold_key": key, "amount": amount_micros, "now": now}
    row = fetch_prepared(CAPTURE_AT_ONCE, values)
    if row is None:
        return None
    pk, wallet_id, balance_after_micros = row
    transfer = Transfer(
        pk=pk,
        wallet_id=wallet_id,
        amount_micros=-amount_micros,
        balance_after_micros=balance_after_micros,
        created_at=now,
        **fields,
    )
    transfer._state.adding = False  # it is stored, and refuses to be stored again
    return transfer


def _capture_closed(key: str, amount_micros: int, cause: Cause) -> Transfer | None:
    """Capture from a hold that is captured already, has expired, was released, or is too small.

    One that has expired pays as far as the available balance reaches.
    """
    if earlier_transfer := Transfer.objects.filter(key=cause.key).first():
        return earlier_transfer
    hold = Hold.objects.get(key=key)
    if amount_micros > hold.amount_micros:
        raise ValueError("a capture stays within its hold")
    if hold.state != Hold.State.EXPIRED:
        facts = {"hold": hold.public_id, "state": hold.state}
        logger.error("capture of a closed hold", extra=facts)
        return None
    with transaction.atomic():
        expired = Hold.objects.filter(pk=hold.pk, state=Hold.State.EXPIRED)
        if not expired.update(state=Hold.State.CAPTURED, closed_at=timezone.now()):
            return Transfer.objects.filter(key=cause.key).first()
        wallet = Wallet.objects.select_for_update().get(pk=hold.wallet_id)
        payable_micros = max(0, min(amount_micros, wallet.available_micros))
        if payable_micros < amount_micros:
            uncharged = format_micros(amount_micros - payable_micros)
            logger.error("late capture", extra={"hold": hold.public_id, "not_charged": uncharged})
        if not payable_micros:
            return None
        Hold.objects.filter(pk=hold.pk).update(captured_micros=payable_micros)
        return _move(wallet.pk, -payable_micros, cause)


def _close_open_hold(key: str, state: Hold.State, captured_micros: int) -> Hold | None:
    """Close an open hold and return it, or None if it is not open or smaller than the capture.

    The filtered update decides which of two closes it.
    """
    still_open = Hold.objects.filter(
        key=key, state=Hold.State.OPEN, amount_micros__gte=captured_micros
    )
    if not still_open.update(
        state=state, captured_micros=captured_micros, closed_at=timezone.now()
    ):
        return None
    return Hold.objects.get(key=key)


def _move(
    wallet_id: int, amount_micros: int, cause: Cause, *, held_micros: int = 0, may_owe: bool = False
) -> Transfer:
    """Move the totals, then insert the transfer: the wallet's lock orders transfers by id."""
    after = _move_totals(wallet_id, amount_micros, held_micros, may_owe=may_owe)
    if after is None:
        raise _refusal(Wallet.objects.get(pk=wallet_id).account, -amount_micros)
    return Transfer.objects.create(
        wallet_id=wallet_id,
        book=cause.book,
        kind=cause.kind,
        amount_micros=amount_micros,
        balance_after_micros=after,
        key=cause.key,
        description=cause.description,
        reference=cause.reference,
    )


def _move_totals(
    wallet_id: int, balance_micros: int, held_micros: int, *, may_owe: bool
) -> int | None:
    values = {
        "wallet": wallet_id,
        "balance": balance_micros,
        "held": held_micros,
        "may_owe": int(may_owe),
    }
    return _first_value(MOVE_WALLET, values)


def _first_value(statement: str, values: dict[str, Any]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _refusal(account: Account, needed_micros: int) -> ProductError:
    """Return why a wallet could not pay. The balance is read afterwards, for the message only."""
    available = balance_of(account).available_micros
    details = {"needed": format_micros(needed_micros), "available": format_micros(available)}
    if available < 0:
        return ProductError(
            "account_owes",
            f"This account owes {format_held(-available)}.",
            details=details,
        )
    return ProductError(
        "insufficient_funds",
        f"This needs {format_held(needed_micros)}, and {format_balance(available)} is available.",
        details=details,
    )
