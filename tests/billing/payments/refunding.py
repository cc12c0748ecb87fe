"""Refunds, asked for by a customer or by the staff."""

from billing.models import Refund, TopUp
from billing.payments.refunds import start_refund
from tests.billing.money import DOLLAR
from tests.people import person


def refund(topup: TopUp, dollars: int, *, by_staff: bool = False) -> Refund:
    return start_refund(
        topup=topup,
        amount_micros=dollars * DOLLAR,
        user=person("finance@example.com") if by_staff else topup.user,
        reason="Not needed",
        by_staff=by_staff,
    )
