"""Refunds, disputes and the books that reconciliation reads."""

from typing import Any, cast

import pytest
import stripe

from tests.sandbox.checkout import kinds, pay, refund
from tests.sandbox.conftest import Receiver, Sandbox


def charge_of(sandbox: Sandbox, intent: str) -> stripe.Charge:
    return sandbox.stripe.v1.charges.list({"payment_intent": intent}).data[0]


def movements(sandbox: Sandbox) -> list[tuple[str, int, int]]:
    lines = sandbox.stripe.v1.balance_transactions.list().data
    return [(line.type, line.amount, line.fee) for line in reversed(lines)]


def test_partial_refunds_add_up_to_the_charge(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = pay(sandbox)
    assert refund(sandbox, intent, 500).status == "succeeded"
    assert charge_of(sandbox, intent).amount_refunded == 500
    refund(sandbox, intent, 1500)
    assert charge_of(sandbox, intent).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(sandbox, intent, 1)
    assert refused.value.code == "charge_already_refunded"
    assert {"refund.created", "charge.refunded"} <= kinds(sandbox, receiver)
    assert movements(sandbox) == [("charge", 2000, 88), ("refund", -500, 0), ("refund", -1500, 0)]


def test_refund_that_fails_later_gives_the_money_back(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = pay(sandbox)
    made = refund(sandbox, intent, 500)
    sandbox.post(f"stripe/refunds/{made.id}/fail")
    assert sandbox.stripe.v1.refunds.retrieve(made.id).status == "failed"
    assert charge_of(sandbox, intent).amount_refunded == 0
    assert {"refund.failed", "refund.updated"} <= kinds(sandbox, receiver)
    assert movements(sandbox)[-1] == ("refund_failure", 500, 0)


def test_pending_refund_settles(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.post("stripe/refunds", next_status="pending")
    made = refund(sandbox, pay(sandbox), 500)
    assert made.status == "pending"
    sandbox.post(f"stripe/refunds/{made.id}/settle")
    assert "refund.updated" in kinds(sandbox, receiver)
    assert sandbox.stripe.v1.refunds.retrieve(made.id).status == "succeeded"


@pytest.mark.parametrize(
    ("action", "event", "last"),
    [
        ("win", "charge.dispute.funds_reinstated", ("adjustment", 2000, -1500)),
        ("lose", "charge.dispute.closed", ("adjustment", -2000, 1500)),
    ],
)
def test_dispute_takes_the_money_until_it_is_won(
    sandbox: Sandbox, receiver: Receiver, action: str, event: str, last: tuple[str, int, int]
) -> None:
    intent = pay(sandbox)
    dispute = sandbox.post(f"stripe/charges/{intent}/dispute")
    assert charge_of(sandbox, intent).disputed
    sandbox.post(f"stripe/disputes/{dispute['id']}/{action}")
    assert {"charge.dispute.created", "charge.dispute.funds_withdrawn", event} <= kinds(
        sandbox, receiver
    )
    assert movements(sandbox)[-1] == last


def test_fraud_warning_names_the_payment(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = pay(sandbox)
    warning = sandbox.post(f"stripe/charges/{intent}/warn")
    assert (warning["payment_intent"], warning["actionable"]) == (intent, True)
    assert "radar.early_fraud_warning.created" in kinds(sandbox, receiver)


def test_books_of_a_day_name_their_sources(sandbox: Sandbox) -> None:
    first, second = pay(sandbox), pay(sandbox, 700)
    refund(sandbox, first, 100)
    now = charge_of(sandbox, second).created
    params: Any = {
        "created": {"gte": now - 60, "lt": now + 60},
        "expand": ["data.source"],
        "limit": 2,
    }
    lines = sandbox.stripe.v1.balance_transactions.list(params)
    sources = [cast(Any, line.source).payment_intent for line in lines.auto_paging_iter()]
    assert sources == [first, second, first]
    params["created"] = {"lt": now - 60}
    assert sandbox.stripe.v1.balance_transactions.list(params).data == []
