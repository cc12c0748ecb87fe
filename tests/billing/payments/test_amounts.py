"""Amounts of a top-up: which are refused."""

import pytest

from accounts.models import User
from billing.models import TopUp
from tests.billing.payments.starting import start
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("amount_cents", "code"),
    [(499, "amount_too_small"), (10_001, "amount_too_large"), ("x", "invalid_request")],
)
def test_topup_of_a_wrong_amount_is_refused(
    stripe_sandbox: StripeSandbox, alice: User, amount_cents: object, code: str
) -> None:
    answer = start(api_of(alice), amount_cents)
    assert answer["http"] == 400
    assert answer["error"]["code"] == code  # type: ignore[index]  # JSON
    assert not TopUp.objects.exists()
