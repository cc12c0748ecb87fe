"""Payments that were taken back by a bank or the dashboard."""

import pytest
from django.core.management import call_command

from billing.models import Refund, StripeEvent, TopUp
from billing.payments import gateway
from billing.payments.reconciliation import reconcile_topups
from mobayilo.lib.errors import ProductError
from tests.billing.money import assert_books_are_right, capture, hold, totals
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_refund_that_somebody_else_names_is_debited_once(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    gateway.client().v1.refunds.create(
        {
            "payment_intent": paid.stripe_payment_intent_id or "",
            "amount": 500,
            "metadata": {"refund_id": "ticket 4711"},
        }
    )
    stripe_sandbox.settle()
    call_command("replay_stripe_events")
    assert not StripeEvent.objects.filter(applied_at=None).exists()
    assert reconcile_topups()["refunds unheard of"] == 0
    assert (Refund.objects.get().status, totals(paid.account)) == ("succeeded", (15, 0))
    assert_books_are_right()


@pytest.mark.parametrize("lost", ["stripe:nothing", "stripe:refund.*", "*"])
def test_refund_made_in_the_dashboard_is_debited_even_into_debt(
    stripe_sandbox: StripeSandbox, paid: TopUp, lost: str
) -> None:
    hold(paid.account, 20)
    capture(18)
    stripe_sandbox.rule("drop", lost)
    gateway.client().v1.refunds.create({"payment_intent": paid.stripe_payment_intent_id or ""})
    stripe_sandbox.settle()
    reconcile_topups()
    assert totals(paid.account) == (-18, 0)
    with pytest.raises(ProductError) as refused:
        hold(paid.account, 1, "call:call_2")
    assert refused.value.code == "account_owes"
    assert_books_are_right()
