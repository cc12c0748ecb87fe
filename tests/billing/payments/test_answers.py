"""Objects of Stripe that cannot be read, or contradict ours."""

from typing import Any

import pytest

from billing.models import StripeEvent, TopUp
from tests.billing.money import totals
from tests.billing.payments.stripe_events import event, paid, send

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_object_that_cannot_be_read_stays_stored_for_later(unpaid: TopUp) -> None:
    assert send(event(paid(unpaid, amount_total="20"))) == 400
    assert StripeEvent.objects.get().applied_at is None
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize(
    "wrong", [{"amount_total": 1_999}, {"currency": "eur"}, {"id": "cs_test_other"}]
)
def test_session_that_contradicts_its_topup_credits_nothing(
    unpaid: TopUp, wrong: dict[str, Any]
) -> None:
    TopUp.objects.update(stripe_session_id="cs_test_1")
    assert send(event(paid(unpaid, **wrong))) == 200
    unpaid.refresh_from_db()
    assert unpaid.problem
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.REFUSED
    assert totals(unpaid.account) == (0, 0)


@pytest.mark.parametrize("payment_status", ["unpaid", "no_payment_required"])
def test_session_that_is_complete_but_not_paid_credits_nothing(
    unpaid: TopUp, payment_status: str
) -> None:
    assert send(event(paid(unpaid, payment_status=payment_status))) == 200
    assert totals(unpaid.account) == (0, 0)
