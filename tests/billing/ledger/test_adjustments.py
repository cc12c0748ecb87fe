"""Credits and debits by the staff."""

import pytest
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from billing.ledger.adjustments import adjust
from billing.models import Transfer
from mobayilo.lib.errors import ProductError
from tests.billing.admin_actions import act
from tests.billing.money import capture, credit, hold, totals
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
        staff("finance"), "credit_or_debit", account.wallet, amount="500.01", kind="adjustment"
    )
    assert "You may credit or debit up to $500.00." in shown
    assert 'value="500.01"' in shown
    assert 'value="ticket 4711"' in shown
    assert totals(account) == (20, 0)


def test_adjustment_needs_a_reason_and_keeps_it(account: Account) -> None:
    user, wallet = staff("support"), account.wallet
    act(user, "credit_or_debit", wallet, amount="5", kind="promotion", reason="")
    assert totals(account) == (20, 0)
    act(user, "credit_or_debit", wallet, amount="5", kind="promotion")
    assert Transfer.objects.get(kind="promotion").book == "promotions"
    event = AuditEvent.objects.get(action="money.adjusted")
    assert (event.user, event.facts["reason"], event.facts["amount"]) == (
        user,
        "ticket 4711",
        "5.00",
    )


def test_no_one_credits_their_own_account(account: Account) -> None:
    """Support that is a customer too, also through a teammate's account."""
    user = staff("support")
    User.objects.filter(pk=user.pk).update(account=account)
    user.refresh_from_db()
    shown = act(user, "credit_or_debit", account.wallet, amount="5", kind="promotion")
    assert "Staff do not act for themselves" in shown
    assert totals(account) == (20, 0)
    with pytest.raises(ProductError, match="their own account"):
        adjust(
            account=account, amount_micros=5_000_000, kind="promotion", staff=user,
            reason="ticket 4711", key="past the page",
        )  # fmt: skip


@pytest.mark.usefixtures("still_clock")
def test_person_has_a_limit_of_a_day(account: Account, settings: Settings) -> None:
    settings.ADJUST_MAX_CENTS_PER_DAY_SUPPORT = 3_000
    user = staff("support")
    for form in ("one", "two", "three"):
        sent = {"kind": "promotion", "key": form}
        shown = act(user, "credit_or_debit", account.wallet, amount="15", **sent)
    assert "You may credit and debit $30.00 a day (UTC), and $0.00 of that is left." in shown
    assert totals(account) == (50, 0)
    sent = {"kind": "promotion", "key": "four"}
    assert "+$1.00" in act(staff("finance"), "credit_or_debit", account.wallet, amount="1", **sent)


@pytest.mark.parametrize("reference", ["call_nonexistent", "top_nonexistent", "call_of_charlie"])
def test_reference_is_a_call_or_topup_of_the_account(
    account: Account, charlie: User, reference: str
) -> None:
    credit(charlie.account, 5, "adjustment:charlie")
    hold(charlie.account, 1, key="call:call_of_charlie")
    sent = {"amount": "5", "kind": "promotion", "reference": reference}
    shown = act(staff("support"), "credit_or_debit", account.wallet, **sent)
    words = f"This account has no call and no top-up {reference}."
    assert f'id="id_reference_error"><li>{words}</li>' in shown
    assert totals(account) == (20, 0)


def test_refund_of_a_call_is_at_most_what_the_call_cost(account: Account) -> None:
    hold(account, 3)
    capture(0.05)
    user, sent = staff("support"), {"kind": "call_refund", "reference": "call_1"}
    shown = act(user, "credit_or_debit", account.wallet, amount="5", **sent)
    assert "Of this call $0.05 can be refunded." in shown
    for form in ("one", "two"):
        shown = act(user, "credit_or_debit", account.wallet, amount="0.05", key=form, **sent)
    assert "Of this call $0.00 can be refunded." in shown
    assert totals(account) == (20, 0)


def test_form_that_moved_nothing_is_not_called_done(account: Account) -> None:
    user, sent = staff("support"), {"amount": "5", "kind": "promotion"}
    assert "+$5.00; the balance is $25.00" in act(user, "credit_or_debit", account.wallet, **sent)
    again = act(user, "credit_or_debit", account.wallet, **sent)
    assert "moved +$5.00; nothing moved now" in again
