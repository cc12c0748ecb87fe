"""A funded wallet, holds on it, and a Stripe of the sandbox that calls the live server."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, User
from billing.models import TopUp
from billing.payments.topups import start_topup
from tests.accounts.browser import sign_in
from tests.billing.money import (
    credit,
)
from tests.billing.stripe_sandbox import StripeSandbox
from tests.opening import live_sandbox as live_sandbox
from tests.opening import opening as opening
from tests.patience import patience_seconds
from tests.telephony.sandbox import Sandbox, running_sandbox


@pytest.fixture
def account(alice: User) -> Account:
    """Alice's account with twenty dollars."""
    credit(alice.account, 20)
    return alice.account


@pytest.fixture
def browser(alice: User) -> Client:
    """Alice has just signed in."""
    return sign_in(alice)


@pytest.fixture
def unpaid(alice: User) -> TopUp:
    """A top-up that Stripe was not asked for."""
    return TopUp.objects.create(
        account=alice.account, user=alice, amount_micros=20_000_000, expires_at="2100-01-01T00:00Z"
    )


@pytest.fixture(scope="session")
def _sandbox_process(live_server: LiveServer) -> Iterator[Sandbox]:
    with running_sandbox(live_server.url) as sandbox:
        yield sandbox


@pytest.fixture
def stripe_sandbox(
    transactional_db: None,
    _sandbox_process: Sandbox,
    settings: Settings,
    request: pytest.FixtureRequest,
) -> StripeSandbox:
    """A fresh Stripe, whose webhooks reach the live server."""
    settings.STRIPE_API_URL = settings.STRIPE_CHECKOUT_URL = _sandbox_process.url
    settings.STRIPE_TIMEOUT_SECONDS = patience_seconds(request)
    _sandbox_process.post("reset")
    return StripeSandbox(_sandbox_process)


@pytest.fixture
def topup(stripe_sandbox: StripeSandbox, alice: User) -> TopUp:
    """Alice is about to pay twenty dollars."""
    return start_topup(account=alice.account, user=alice, amount_cents=2_000)


@pytest.fixture
def bank_topup(stripe_sandbox: StripeSandbox, settings: Settings, alice: User) -> TopUp:
    """Alice is about to pay twenty dollars, by card or from her bank account."""
    settings.STRIPE_PAYMENT_METHODS = ["card", "us_bank_account"]
    return start_topup(account=alice.account, user=alice, amount_cents=2_000)


@pytest.fixture
def paid(stripe_sandbox: StripeSandbox, topup: TopUp) -> TopUp:
    """Alice has paid twenty dollars."""
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    topup.refresh_from_db()
    return topup
