"""Credits and debits by the staff."""

import pytest

from accounts.models import Account, AuditEvent
from billing.models import Transfer
from tests.billing.admin_actions import act
from tests.billing.money import totals
from tests.people import staff

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("group", "amount", "balance"),
    [
        ("support", "5", 25),
        ("support", "-5.50", 14.5),
        ("support", "−5.50", 14.5),
        ("support", "0", 20),
        ("support", "20.01", 20),
        ("finance", "20.01", 40.01),
        ("finance", "500.01", 20),
        ("support", "-20.01", 20),
        ("support", "1,000", 20),
    ],
)
def test_staff_credit_and_debit_within_the_limit_of_their_group(
    account: Account, group: str, amount: str, balance: float
) -> None:
    user = staff(group)
    for _ in range(2):
        act(user, "credit_or_debit", account.wallet, amount=amount, kind="adjustment")
    assert totals(account) == (balance, 0)
    assert AuditEvent.objects.filter(action="money.adjusted").count() == (balance != 20)


def test_form_that_is_sent_again_with_another_amount_moves_nothing(account: Account) -> None:
    user, sent = staff("support"), {"kind": "adjustment", "key": "of the form"}
    act(user, "credit_or_debit", account.wallet, amount="5", **sent)
    shown = act(user, "credit_or_debit", account.wallet, amount="6", **sent)
    assert "This form was sent before and moved +$5.00. Open the form again" in shown
    assert totals(account) == (25, 0)
    assert AuditEvent.objects.filter(action="money.adjusted").count() == 1


def test_refused_action_stays_on_its_form_with_what_was_typed(account: Account) -> None:
    shown = act(
        staff("support"), "credit_or_debit", account.wallet, amount="20.01", kind="adjustment"
    )
    assert "You may credit or debit up to $20.00." in shown
    assert 'value="20.01"' in shown
    assert 'value="ticket 4711"' in shown
    assert totals(account) == (20, 0)


def test_adjustment_needs_a_reason_and_keeps_it(account: Account) -> None:
    user, wallet = staff("support"), account.wallet
    act(user, "credit_or_debit", wallet, amount="5", kind="call_refund", reason="")
    assert totals(account) == (20, 0)
    act(user, "credit_or_debit", wallet, amount="5", kind="call_refund")
    assert Transfer.objects.get(kind="call_refund").book == "refunds"
    event = AuditEvent.objects.get(action="money.adjusted")
    assert (event.user, event.facts["reason"], event.facts["amount"]) == (
        user,
        "ticket 4711",
        "5.00",
    )
