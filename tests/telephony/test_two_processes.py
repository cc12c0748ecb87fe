"""Attacks at once through two processes of the product: what is summed is read under its lock.

Threads of one process share connections, caches and the interpreter's lock; processes share only
PostgreSQL. The requests of an attack go to one process and the other in turn, and none is through
before all have read what they can read without a lock.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client
from psycopg import sql
from pytest_django import Settings
from stripe import WebhookSignature

from accounts.models import AccessToken, AuditEvent, User
from accounts.tokens.lifecycle import MAX_LIVE_TOKENS
from billing.models import Refund, TopUp, Transfer
from billing.payments.gateway import client
from billing.payments.topups import refresh_topup, start_topup
from telephony.models import AccountLimits, Call, Verification
from telephony.phones.verifications import MAX_TRIES, request_verification
from tests.accounts.browser import sign_in
from tests.billing.money import assert_books_are_right, capture, hold, promote, totals
from tests.database import ON_SQLITE
from tests.people import new_token, staff
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person, makes_people
from tests.telephony.processes import MortalServer, database_url
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(ON_SQLITE, reason="SQLite has one writer; sums are locked by PostgreSQL"),
]
AT_ONCE = 8
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
SECRET = django_settings.STRIPE_WEBHOOK_SECRET
CALL_CENTS = 12  # held for a minute, with the question and two rings of the other side
Servers = tuple[str, str]


@pytest.fixture(scope="module")
def loaded_pair(sandbox_process: Sandbox, django_db_setup: None) -> Iterator[list[MortalServer]]:
    """Two processes that have loaded the product, and start a server for each test."""
    url = sandbox_process.url
    changes = {"STRIPE_API_URL": url, "CALLS_AT_ONCE_NEW_ACCOUNT": "10"}
    pair = [MortalServer(TWILIO_API_URL=url, **changes) for _ in range(2)]
    yield pair
    for server in pair:
        server.stop()


@pytest.fixture
def servers(
    loaded_pair: list[MortalServer], sandbox: Sandbox, deck: object, settings: Settings
) -> Iterator[Servers]:
    """The addresses of two processes, which know the sandbox as this one does."""
    settings.TWILIO_API_URL = settings.STRIPE_API_URL = sandbox.url
    sandbox.post("speed", speed=1)
    sandbox.post("webhooks/rules", action="drop", pattern="*")
    for server in loaded_pair:
        server.start()
    yield loaded_pair[0].url, loaded_pair[1].url
    sandbox.fall_silent()
    for server in loaded_pair:
        server.kill()


def at_once(table: str, servers: Servers, ask: Callable[[str, int], Any]) -> list[Any]:
    """Ask one process and the other in turn, while the rows of a table are locked.

    The lock is released when each request is answered or waits for a lock, so that what each
    read before its lock is as old as in the worst case.
    """
    with (
        psycopg.connect(database_url()) as gate,
        psycopg.connect(database_url(), autocommit=True) as watch,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        gate.execute(sql.SQL("SELECT 1 FROM {} FOR UPDATE").format(sql.Identifier(table)))
        asked = [pool.submit(ask, servers[number % 2], number) for number in range(AT_ONCE)]

        def is_full() -> bool:
            (blocked,) = watch.execute(WAITING).fetchone() or (0,)
            return bool(blocked + sum(future.done() for future in asked) >= AT_ONCE)

        wait_for(is_full, "each request to be answered or to wait")
        gate.rollback()
        return [future.result() for future in asked]


def outcomes(answers: list[requests.Response]) -> Counter[str]:
    """Return a count of the requests that were done (`2xx`), and of refusals by code."""
    return Counter("2xx" if a.ok else str(a.json()["error"]["code"]) for a in answers)


def post(url: str, person: Person, path: str, *, key: str = "", **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {person.secret}"}
    headers |= {"Idempotency-Key": key} if key else {}
    return requests.post(f"{url}/api/cli/v1/{path}", json=body, headers=headers, timeout=60)


def submit(browser: Client, url: str, **fields: str) -> requests.Response:
    """Send a form with the session of a browser."""
    cookies = {"session": browser.cookies["session"].value, "csrftoken": "c" * 32}
    headers = {"X-CSRFToken": "c" * 32}
    return requests.post(
        url, data=fields, cookies=cookies, headers=headers, timeout=60, allow_redirects=False
    )


def paid_topup(user: User, sandbox: Sandbox, dollars: int) -> TopUp:
    topup = start_topup(account=user.account, user=user, amount_cents=dollars * 100)
    sandbox.post(f"stripe/sessions/{topup.stripe_session_id}/pay")
    return refresh_topup(topup, at_most_every=timedelta(0))


def test_two_refunds_at_once_send_no_promotion_to_a_card(
    servers: Servers, sandbox: Sandbox, alice: User
) -> None:
    """Two paid top-ups of $10, $10 spent, $10 promotion; $10 of each is asked back."""
    paid = [paid_topup(alice, sandbox, 10) for _ in range(2)]
    hold(alice.account, 10)
    capture(10)
    promote(alice.account, 10)
    browser = sign_in(alice)

    def refund(url: str, number: int) -> int:
        page = f"{url}/topup/{paid[number % 2]}/refund"
        return submit(browser, page, amount="10.00").status_code

    assert at_once("billing_wallet", servers, refund) == [302] * AT_ONCE
    assert Refund.objects.count() == 1
    assert totals(alice.account) == (10, 0)
    assert_books_are_right()


@pytest.mark.parametrize(
    ("limit", "guards", "allowed", "code"),
    [
        ({"spend_max_cents_per_day": 2 * CALL_CENTS}, {}, 2, "spending_limit"),
        ({}, {"max_cents_per_day": 2 * CALL_CENTS}, 2, "guard_spend_day"),
        ({"calls_at_once": 3}, {}, 3, "too_many_calls"),
        ({"calls_per_hour": 3}, {}, 3, "too_many_calls_an_hour"),
        ({"new_numbers_per_hour": 3}, {}, 3, "too_many_new_numbers"),
    ],
)
def test_calls_at_once_stay_within_each_limit(
    servers: Servers,
    alice: User,
    limit: dict[str, int],
    guards: dict[str, int],
    allowed: int,
    code: str,
) -> None:
    caller = makes_people("")(alice, phone=OWN_PHONE, dollars=20, **guards)
    AccountLimits.objects.create(account=alice.account, set_by=alice, **limit)

    def call(url: str, number: int) -> requests.Response:
        return post(url, caller, "calls", to=f"+44207946001{number}", max_seconds=60)

    found = outcomes(at_once("billing_wallet", servers, call))
    assert found == {"2xx": allowed, code: AT_ONCE - allowed}
    assert Call.objects.count() == allowed
    assert_books_are_right()


def test_calls_at_once_spend_no_more_than_is_there(servers: Servers, alice: User) -> None:
    caller = makes_people("")(alice, phone=OWN_PHONE, dollars=3 * CALL_CENTS / 100)

    def call(url: str, _: int) -> requests.Response:
        return post(url, caller, "calls", to=DESTINATION, max_seconds=60)

    found = outcomes(at_once("billing_wallet", servers, call))
    assert found == {"2xx": 3, "insufficient_funds": AT_ONCE - 3}
    assert caller.balance.available_micros >= 0


def test_one_key_at_both_processes_places_one_call(servers: Servers, alice: User) -> None:
    caller = makes_people("")(alice, phone=OWN_PHONE, dollars=20)

    def call(url: str, _: int) -> requests.Response:
        return post(url, caller, "calls", key="one", to=DESTINATION, max_seconds=60)

    found = outcomes(at_once("billing_wallet", servers, call))
    assert found == {"2xx": 1, "idempotency_in_progress": AT_ONCE - 1}
    assert Call.objects.count() == 1


def test_wrong_codes_at_once_are_tried_as_often_as_allowed(
    servers: Servers, sandbox: Sandbox, alice: User
) -> None:
    person = makes_people("")(alice)
    request_verification(user=alice, number=OWN_PHONE)
    right = sandbox.code_for(OWN_PHONE)
    wrong = "0000" if right != "0000" else "1111"

    def confirm(url: str, _: int) -> requests.Response:
        return post(url, person, "caller-ids/confirm", code=wrong, number=OWN_PHONE)

    found = outcomes(at_once("telephony_verification", servers, confirm))
    assert found == {"wrong_code": MAX_TRIES, "too_many_tries": AT_ONCE - MAX_TRIES}
    assert Verification.objects.get().state == Verification.State.EXHAUSTED


def test_last_tokens_of_a_user_are_made_once(servers: Servers, alice: User) -> None:
    AccessToken.objects.bulk_create(
        AccessToken(user=alice, name=f"t{n}", kind="pat", digest=f"{n}", line=f"{n}")
        for n in range(MAX_LIVE_TOKENS - 3)
    )
    person = Person(alice, new_token(alice).secret, "")

    def make(url: str, number: int) -> requests.Response:
        return post(url, person, "tokens", name=f"robot {number}", scopes=["account:read"])

    found = outcomes(at_once("accounts_user", servers, make))
    assert found == {"2xx": 2, "too_many_tokens": AT_ONCE - 2}


def test_form_of_support_sent_to_both_processes_moves_money_once(
    servers: Servers, alice: User
) -> None:
    makes_people("")(alice, dollars=20)
    browser = sign_in(staff("finance"))
    form = {
        "action": "credit_or_debit",
        "with_reason": "yes",
        "key": "of the form",
        "_selected_action": str(alice.account.wallet.pk),
        "amount": "5",
        "kind": "adjustment",
        "reason": "ticket 4711",
    }

    def credit(url: str, _: int) -> int:
        return submit(browser, f"{url}/admin/billing/wallet/", **form).status_code

    assert set(at_once("billing_wallet", servers, credit)) <= {200, 302}
    assert totals(alice.account) == (25, 0)
    assert AuditEvent.objects.filter(action="money.adjusted").count() == 1


@pytest.mark.parametrize("is_one_event", [True, False])
def test_payment_that_both_processes_hear_of_is_credited_once(
    servers: Servers, sandbox: Sandbox, alice: User, is_one_event: bool
) -> None:
    topup = start_topup(account=alice.account, user=alice, amount_cents=2_000)
    sandbox.post(f"stripe/sessions/{topup.stripe_session_id}/pay")
    paid = client().v1.checkout.sessions.retrieve(topup.stripe_session_id or "").to_dict()
    event = {"object": "event", "type": "checkout.session.completed", "data": {"object": paid}}

    def hear(url: str, number: int) -> int:
        name = "evt_one" if is_one_event else f"evt_{number}"
        body = json.dumps(event | {"id": name, "created": int(time.time())})
        header = WebhookSignature.generate_signature_header(body, SECRET, int(time.time()))
        headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
        answer = requests.post(f"{url}/webhooks/stripe", body, headers=headers, timeout=60)
        return answer.status_code

    assert at_once("billing_topup", servers, hear) == [200] * AT_ONCE
    assert Transfer.objects.count() == 1
    assert totals(alice.account) == (20, 0)
