"""A funded wallet, holds on it, and a Stripe of the sandbox that calls the live server."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.ledger.audit import audit_ledger
from billing.models import Book, Hold, TopUp, Transfer
from billing.payments.gateway import client, retrieve_session
from billing.payments.topups import start_topup
from tests.people import api_client, new_token
from tests.telephony.sandbox import Sandbox, running_sandbox

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


@pytest.fixture
def account(alice: User) -> Account:
    """Alice's account with twenty dollars."""
    credit(alice.account, 20)
    return alice.account


def assert_books_are_right() -> None:
    report = audit_ledger()
    assert report.difference_count == 0, report.text


def api_of(user: User) -> Client:
    """A terminal of this user, with every right."""
    return api_client(new_token(user).secret)


class StripeSandbox:
    """What Stripe and its customers do, done in the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox

    def act(self, topup: TopUp, action: str) -> None:
        """pay, pay_later, decline; then succeed or fail."""
        topup.refresh_from_db()
        self.control.post(f"stripe/sessions/{topup.stripe_session_id}/{action}")

    def payment_of(self, topup: TopUp) -> str:
        """The payment intent, as only Stripe may know it yet."""
        topup.refresh_from_db()
        return retrieve_session(topup.stripe_session_id or "").payment_intent_id

    def dispute(self, payment: str, **more: object) -> str:
        """Opens a dispute; its id."""
        return str(self.control.post(f"stripe/charges/{payment}/dispute", **more)["id"])

    def warn(self, payment: str) -> None:
        self.control.post(f"stripe/charges/{payment}/warn")

    def close(self, dispute: str, how: str) -> None:
        """win or lose."""
        self.control.post(f"stripe/disputes/{dispute}/{how}")

    def fail(self, kind: str, path: str = "/v1/*", **more: object) -> None:
        self.control.post("faults", kind=kind, provider="stripe", path=path, **more)

    def heal(self) -> None:
        requests.delete(f"{self.control.url}/control/faults", timeout=10).raise_for_status()

    def sessions(self) -> list[str]:
        """The ids of every Checkout Session that was made."""
        return [one.id for one in client().v1.checkout.sessions.list().data]

    def rule(self, action: str, pattern: str = "*", **more: object) -> None:
        self.control.post("webhooks/rules", action=action, pattern=pattern, **more)

    def settle(self) -> None:
        """Until every webhook has been answered."""
        self.control.wait_until_idle()


@pytest.fixture(scope="session")
def _sandbox_process(live_server: LiveServer) -> Iterator[Sandbox]:
    with running_sandbox(live_server.url) as sandbox:
        yield sandbox


@pytest.fixture
def stripe_sandbox(
    transactional_db: None, _sandbox_process: Sandbox, settings: Settings
) -> StripeSandbox:
    """A fresh Stripe, whose webhooks reach the live server."""
    settings.STRIPE_API_URL = _sandbox_process.url
    _sandbox_process.post("reset")
    return StripeSandbox(_sandbox_process)


@pytest.fixture
def topup(stripe_sandbox: StripeSandbox, alice: User) -> TopUp:
    """Alice is about to pay twenty dollars."""
    return start_topup(account=alice.account, user=alice, amount_cents=2_000)


@pytest.fixture
def paid(stripe_sandbox: StripeSandbox, topup: TopUp) -> TopUp:
    """Alice has paid twenty dollars."""
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    topup.refresh_from_db()
    return topup
