"""Growth of cost with history: the same work at 10³, 10⁴ and 10⁵ calls, and a million transfers.

All calls are one customer's, which is the worst case for every page of hers.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import requests
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from billing.ledger import capture_hold, place_hold
from billing.ledger.audit import audit_ledger
from billing.models import Wallet
from dev.stack import Stack
from telephony.models import Call, RateDeck
from tests.bench import data, history
from tests.bench.calls import SETTINGS
from tests.bench.figures import Figures

SIZES = (1_000, 10_000, 100_000)
OTHERS = 5_000
TIMES = 40
AUDITED, AUDITED_WALLETS = 1_000_000, 1_000
BUSY = "+442079460099"

# In each wallet a top-up of 2,000 micro-dollars and a call of 1,000 in turn, as the audit has them:
# with the top-up's own row, and the call's captured hold.
TURNS = """
WITH turn AS (
    SELECT n, w.ids[1 + n %% %(wallets)s] AS wallet_id, n / %(wallets)s AS k,
        %(first)s || '_' || n AS name
    FROM generate_series(0, %(rows)s - 1) n, (SELECT %(ids)s::bigint[] AS ids) w
)
"""
TRANSFERS = (
    TURNS
    + """
INSERT INTO billing_transfer (public_id, wallet_id, book, kind, amount_micros,
    balance_after_micros, key, description, reference, created_at)
SELECT 'txn_b' || name, wallet_id,
    CASE k %% 2 WHEN 0 THEN 'stripe_clearing' ELSE 'call_revenue' END,
    CASE k %% 2 WHEN 0 THEN 'topup' ELSE 'call' END,
    CASE k %% 2 WHEN 0 THEN 2000 ELSE -1000 END,
    1000 * (k / 2 + CASE k %% 2 WHEN 0 THEN 2 ELSE 1 END),
    CASE k %% 2 WHEN 0 THEN 'topup:top_b' || name ELSE 'call:b' || name || ':settle' END,
    '', CASE k %% 2 WHEN 0 THEN 'top_b' || name ELSE 'call_b' || name END, now()
FROM turn ORDER BY n
"""
)
HOLDS = (
    TURNS
    + """
INSERT INTO billing_hold (public_id, wallet_id, key, amount_micros, captured_micros, state,
    expires_at, created_at, closed_at)
SELECT 'hold_b' || name, wallet_id, 'call:b' || name, 2000, 1000, 'captured', now(), now(), now()
FROM turn WHERE k %% 2 = 1
"""
)
TOPUPS = (
    TURNS
    + """
INSERT INTO billing_topup (public_id, account_id, user_id, amount_micros, status, refunded_micros,
    disputed_micros, stripe_refunded_micros, asked_for_3ds, checkout_url, problem, created_at,
    expires_at, paid_at)
SELECT 'top_b' || name, account_id, %(user)s, 2000, 'paid', 0, 0, 0, false, '', '', now(), now(),
    now()
FROM turn JOIN billing_wallet ON billing_wallet.id = wallet_id WHERE k %% 2 = 0
"""
)


def measure(figures: Figures) -> None:
    user, secret = data.new_caller("grown@example.org", "+447400999999", dollars=1_000_000)
    history.add_customers(OTHERS)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), database_url=os.environ["DATABASE_URL"], settings=SETTINGS) as stack,
    ):
        stack.control("numbers", {"number": BUSY, "outcome": "busy"})
        stack.control("speed", {"speed": 100})
        have = 0
        for size in SIZES:
            history.add_calls(user, RateDeck.objects.latest("pk"), range(have, size))
            have = size
            for name, ask in _work(user, secret, stack.web).items():
                figures.add(f"{name}_ms_at_{size}_calls", _median_ms(ask))
            figures.add(f"audit_seconds_at_{size}_calls", _audit_seconds())
    _add_transfers(user)
    before = psutil.Process().memory_info().rss
    figures.add("audit_seconds_per_million", _audit_seconds(), "at most 60")
    grown_mb = (psutil.Process().memory_info().rss - before) / 2**20
    figures.add("audit_rss_growth_mb", max(0.0, grown_mb), "of a million transfers")


def _work(user: User, secret: str, web: str) -> dict[str, Callable[[], None]]:
    """Return the work to measure, by name. Only placing a call goes through a server."""
    staff = User.objects.filter(is_superuser=True).first()
    staff = staff or User.objects.create_superuser("staff@example.org", "correct horse battery")
    customer, desk = data.browser(secret), data.browser()
    customer.force_login(user)
    desk.force_login(staff)
    oldest = Call.objects.filter(account=user.account).earliest("pk")

    def gets(browser: Client, path: str) -> Callable[[], None]:
        def get() -> None:
            answer = browser.get(path, follow=True)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answers {answer.status_code}")

        return get

    def places() -> None:
        body = {"to": BUSY, "max_seconds": 60}
        headers = {"Authorization": f"Bearer {secret}"}
        answer = requests.post(f"{web}/api/cli/v1/calls", json=body, headers=headers, timeout=60)
        if not answer.ok:
            raise RuntimeError(answer.text)

    return {
        "balance": gets(customer, "/api/cli/v1/balance"),
        "call_list": gets(customer, "/api/cli/v1/calls"),
        "call_placement": places,
        "settlement": lambda: _settle(user),
        "statement_page": gets(customer, "/statement"),
        "calls_page": gets(customer, "/calls"),
        "home_page": gets(customer, "/home"),
        "admin_search_number": gets(desk, f"/admin/accounts/account/search/?q={oldest.to_e164}"),
        "admin_search_call": gets(desk, f"/admin/accounts/account/search/?q={oldest.public_id}"),
        "admin_account": gets(desk, f"/admin/accounts/account/{user.account.pk}/change/"),
    }


def _settle(user: User) -> None:
    key = f"bench:{time.perf_counter_ns()}"
    until = timezone.now() + timedelta(hours=1)
    place_hold(account=user.account, amount_micros=1_000, key=key, expires_at=until)
    capture_hold(key=key, amount_micros=500, description="A call", reference="call_x")


def _median_ms(ask: Callable[[], None]) -> float:
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def _add_transfers(user: User) -> None:
    accounts = Account.objects.bulk_create(Account() for _ in range(AUDITED_WALLETS))
    balance = 1000 * (AUDITED // AUDITED_WALLETS // 2)
    wallets = Wallet.objects.bulk_create(
        Wallet(account=account, balance_micros=balance) for account in accounts
    )
    values: dict[str, int | list[int]] = {
        "first": wallets[0].pk,
        "wallets": AUDITED_WALLETS,
        "rows": AUDITED,
        "ids": [wallet.pk for wallet in wallets],
        "user": user.pk,
    }
    with connection.cursor() as cursor:
        for statement in (TRANSFERS, HOLDS, TOPUPS):
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")


def _audit_seconds() -> float:
    started = time.perf_counter()
    report = audit_ledger()
    if report.difference_count:
        raise RuntimeError(report.text)
    return time.perf_counter() - started
