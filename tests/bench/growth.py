"""How cost grows with history: the same work at 10³, 10⁴ and 10⁵ calls, and a million transfers.

All calls are one customer's, which is the worst case for every page of hers.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import requests
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from billing.audit import audit_ledger
from billing.ledger import capture_hold, place_hold
from billing.models import Wallet
from dev.stack import Stack
from telephony.models import Call, RateDeck
from tests.bench import data, history, plans
from tests.bench.calls import SETTINGS
from tests.bench.figures import Figures

SIZES = (1_000, 10_000, 100_000)
OTHERS = 5_000
TIMES = 40
AUDITED, AUDITED_WALLETS = 1_000_000, 1_000
BUSY = "+442079460099"

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
    plans.write(user, secret)
    _add_transfers()
    figures.add("audit_seconds_per_million", _audit_seconds(), "at most 60")


def _work(user: User, secret: str, web: str) -> dict[str, Callable[[], None]]:
    """What is measured, by name. Only placing goes through a server, and the sandbox behind it."""
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


def _add_transfers() -> None:
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
        cursor.execute("ANALYZE")


def _audit_seconds() -> float:
    started = time.perf_counter()
    report = audit_ledger()
    if report.difference_count:
        raise RuntimeError(report.text)
    return time.perf_counter() - started
