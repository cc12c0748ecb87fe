"""Settlements a second: ours, next to two forms that write the same rows through psycopg."""

import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Account
from billing import ledger
from billing.models import Book, Hold, Transfer, Wallet, new_transfer_id
from tests.bench.figures import Figures

THREADS, SETTLEMENTS, MANY = 8, 2_000, 500
ROUNDS = 5
OPENING_MICROS = 10**12

CTE = """
WITH h AS (
    UPDATE billing_hold SET state = 'captured', captured_micros = %(amount)s, closed_at = now()
    WHERE key = %(key)s AND state = 'open' RETURNING wallet_id, amount_micros
), w AS (
    UPDATE billing_wallet SET balance_micros = balance_micros - %(amount)s,
        held_micros = held_micros - h.amount_micros
    FROM h WHERE billing_wallet.id = h.wallet_id RETURNING billing_wallet.id, balance_micros
)
INSERT INTO billing_transfer (public_id, wallet_id, book, kind, amount_micros,
    balance_after_micros, key, description, reference, created_at)
SELECT %(public_id)s, id, 'call_revenue', 'call', -%(amount)s, balance_micros,
    %(transfer_key)s, 'A call', 'call_x', now() FROM w
"""
INSERT = """
INSERT INTO billing_transfer (public_id, wallet_id, book, kind, amount_micros,
    balance_after_micros, key, description, reference, created_at)
VALUES (%s, %s, 'call_revenue', 'call', %s, %s, %s, 'A call', 'call_x', now())
"""
Form = Callable[[list[str]], None]


def measure(figures: Figures) -> None:
    for name, wallets in (("hot", 1), ("many", MANY)):
        forms: dict[str, Form] = {"ours": _ours, "cte": _cte, "for_update": _for_update}
        runs = [
            {form: _rate(settle, wallets) for form, settle in forms.items()} for _ in range(ROUNDS)
        ]
        for form in forms:
            median = statistics.median(run[form] for run in runs)
            figures.add(f"settle_{name}_{form}_per_second", median)
        for other, aim in (("for_update", "hot: at least 1"), ("cte", "many: at least 0.5")):
            ratio = statistics.median(run["ours"] / run[other] for run in runs)
            figures.add(f"settle_{name}_vs_{other}", ratio, aim)


def _rate(settle: Form, wallets: int) -> float:
    """Settlements a second over 8 connections."""
    keys = _open_holds(wallets)
    barrier = threading.Barrier(THREADS + 1)

    def work(part: list[str]) -> None:
        barrier.wait()
        settle(part)
        connections.close_all()

    threads = [threading.Thread(target=work, args=[keys[n::THREADS]]) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(keys) / (time.perf_counter() - started)


def _open_holds(wallets: int) -> list[str]:
    accounts = Account.objects.bulk_create(Account() for _ in range(wallets))
    each = SETTLEMENTS // wallets
    batch = new_transfer_id()
    made = Wallet.objects.bulk_create(
        Wallet(account=account, balance_micros=OPENING_MICROS, held_micros=1_000 * each)
        for account in accounts
    )
    Transfer.objects.bulk_create(_opening(wallet) for wallet in made)
    until = timezone.now() + timedelta(hours=1)
    holds = [
        Hold(wallet=wallet, key=f"{batch}:{wallet.pk}:{n}", amount_micros=1_000, expires_at=until)
        for n in range(each)
        for wallet in made
    ]
    Hold.objects.bulk_create(holds, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_hold, billing_wallet, billing_transfer")
    return [hold.key for hold in holds]


def _opening(wallet: Wallet) -> Transfer:
    """Return the transfer that filled a wallet, for the audits of the sections that follow."""
    return Transfer(
        wallet=wallet,
        book=Book.ADJUSTMENTS,
        kind=Transfer.Kind.ADJUSTMENT,
        amount_micros=OPENING_MICROS,
        balance_after_micros=OPENING_MICROS,
        key=f"bench:opening:{wallet.pk}",
    )


def _ours(keys: list[str]) -> None:
    for key in keys:
        ledger.capture_hold(key=key, amount_micros=500, description="A call", reference="call_x")


def _raw() -> psycopg.Connection:
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("host", "user", "dbname") if name in parameters}
    return psycopg.connect(**known, autocommit=True)


def _cte(keys: list[str]) -> None:
    with _raw() as raw:
        for key in keys:
            values = {
                "amount": 500,
                "key": key,
                "public_id": new_transfer_id(),
                "transfer_key": f"{key}:settle",
            }
            raw.execute(CTE, values)


def _for_update(keys: list[str]) -> None:
    with _raw() as raw:
        for key in keys:
            _settle_with_lock(raw, key)


def _settle_with_lock(raw: psycopg.Connection, key: str) -> None:
    with raw.transaction():
        hold = raw.execute(
            "SELECT id, wallet_id, amount_micros FROM billing_hold"
            " WHERE key = %s AND state = 'open' FOR UPDATE",
            (key,),
        ).fetchone()
        if hold is None:
            raise RuntimeError(key)
        wallet = raw.execute(
            "SELECT balance_micros, held_micros FROM billing_wallet WHERE id = %s FOR UPDATE",
            (hold[1],),
        ).fetchone()
        if wallet is None:
            raise RuntimeError(key)
        raw.execute(
            "UPDATE billing_hold SET state = 'captured', captured_micros = 500, closed_at = now()"
            " WHERE id = %s",
            (hold[0],),
        )
        raw.execute(
            "UPDATE billing_wallet SET balance_micros = %s, held_micros = %s WHERE id = %s",
            (wallet[0] - 500, wallet[1] - hold[2], hold[1]),
        )
        values = (new_transfer_id(), hold[1], -500, wallet[0] - 500, f"{key}:settle")
        raw.execute(INSERT, values)
