"""How cost grows with history: the same requests at 10³, 10⁴ and 10⁵ calls, and the audit."""

import statistics
import time
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from billing.models import Wallet
from telephony.models import Call, CallerId, RateDeck
from tests.bench import data
from tests.bench.figures import Figures

SIZES = (1_000, 10_000, 100_000)
REQUESTS = 40
AUDITED, AUDITED_WALLETS = 1_000_000, 1_000

# One credit of 1,000 micro-dollars after another, spread over the wallets in turn.
TRANSFERS = """
INSERT INTO billing_transfer (public_id, wallet_id, book, kind, amount_micros,
    balance_after_micros, key, description, reference, created_at)
SELECT 'txn_bench' || %(first)s || '_' || n, w.ids[1 + n %% %(wallets)s], 'adjustments',
    'adjustment', 1000, 1000 * (1 + n / %(wallets)s), 'bench:' || %(first)s || ':' || n, '', '',
    now()
FROM generate_series(0, %(rows)s - 1) n, (SELECT %(ids)s::bigint[] AS ids) w ORDER BY n
"""


def measure(figures: Figures) -> None:
    have = 0
    for size in SIZES:
        _add_calls(size - have)
        have = size
        for name, path in (
            ("balance", "/api/cli/v1/balance"),
            ("calls", "/api/cli/v1/calls"),
            ("calls_page", "/calls"),
            ("statement_page", "/statement"),
        ):
            figures.add(f"{name}_ms_at_{size}_calls", _request_ms(path))
    figures.add("audit_seconds_per_million", _audit_seconds(), "at most 60")


def _add_calls(number: int) -> None:
    """Settled calls in the customer's history, a minute apart."""
    user = data.customer().user
    own, _ = CallerId.objects.get_or_create(
        account=user.account, e164="+447400123456", defaults={"country": "GB"}
    )
    deck, _ = RateDeck.objects.get_or_create(name="bench", effective_from=timezone.now())
    now = timezone.now()
    calls = (
        Call(
            account=user.account,
            user=user,
            caller_id=own,
            from_e164=own.e164,
            to_e164="+442079460018",
            to_country="GB",
            to_kind="fixed",
            deck=deck,
            leg_a_micros_per_minute=30_000,
            leg_a_first_seconds=1,
            leg_a_next_seconds=1,
            leg_b_micros_per_minute=15_000,
            leg_b_first_seconds=1,
            leg_b_next_seconds=1,
            ring_seconds=45,
            max_seconds=600,
            hold_micros=1_000_000,
            state=Call.State.COMPLETED,
            leg_a_seconds=70,
            leg_b_seconds=65,
            leg_b_status="completed",
            created_at=now - timedelta(minutes=minute),
            settled_at=now,
            leg_a_cost_micros=35_000,
            leg_b_cost_micros=16_250,
        )
        for minute in range(number)
    )
    Call.objects.bulk_create(calls, batch_size=5_000)
    _analyze()


def _request_ms(path: str) -> float:
    """Median milliseconds of a request, in process, signed in."""
    customer = data.customer()
    browser = Client(headers={"Authorization": f"Bearer {customer.secret}"})
    browser.force_login(customer.user)
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        answer = browser.get(path)
        times.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")
    return statistics.median(times) * 1000


def _audit_seconds() -> float:
    accounts = Account.objects.bulk_create(Account() for _ in range(AUDITED_WALLETS))
    balance = 1000 * (AUDITED // AUDITED_WALLETS)
    wallets = Wallet.objects.bulk_create(
        Wallet(account=account, balance_micros=balance) for account in accounts
    )
    values: dict[str, int | list[int]] = {
        "first": wallets[0].pk,
        "wallets": AUDITED_WALLETS,
        "rows": AUDITED,
        "ids": [wallet.pk for wallet in wallets],
    }
    with connection.cursor() as cursor:
        cursor.execute(TRANSFERS, values)
    _analyze()
    started = time.perf_counter()
    call_command("audit_ledger", verbosity=0)
    return time.perf_counter() - started


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
