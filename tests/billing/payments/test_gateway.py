"""Requests of our gateway, checked against Stripe's published description.

It is kept outside the project (SHARED_DIR, or a folder `shared` beside it), and describes sessions,
refunds and events; balance transactions are not in it.
"""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from billing.models import TopUp
from billing.payments import gateway
from billing.payments.refunds import start_refund
from billing.payments.topups import cancel_topup, start_topup
from mobayilo.lib.errors import ProductError
from tests.billing.money import DOLLAR
from tests.billing.stripe_sandbox import StripeSandbox

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[4] / "shared"))
CHECKER = SHARED / "tools" / "check_http_against_spec.py"
pytestmark = [
    pytest.mark.skipif(not CHECKER.exists(), reason=f"no descriptions in {SHARED}"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def checker() -> Any:  # noqa: ANN401 - a tool from outside the project
    spec = importlib.util.spec_from_file_location("check_http_against_spec", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = (SHARED / "specs" / "stripe_2026-10-28.json").read_text()
    return module.Checker(json.loads(description))


def test_exchanges_conform_to_the_published_description(
    stripe_sandbox: StripeSandbox,
    paid: TopUp,
    alice: User,
    checker: Any,  # noqa: ANN401 - a tool from outside the project
) -> None:
    start_refund(topup=paid, amount_micros=5 * DOLLAR, user=alice, reason="")
    gateway.list_refunds(paid.stripe_payment_intent_id or "")
    cancel_topup(start_topup(account=alice.account, user=alice, amount_cents=500))
    stripe_sandbox.payment_of(paid)
    with pytest.raises(ProductError):
        gateway.expire_session(paid.stripe_session_id or "")
    exchanges = stripe_sandbox.control.get("exchanges", provider="stripe")["exchanges"]
    assert len(exchanges) >= 7
    for exchange in exchanges:
        exchange["response"] = json.loads(exchange["response"])
        assert checker.check(exchange) == [], exchange["path"]
