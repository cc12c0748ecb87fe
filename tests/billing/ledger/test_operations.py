"""Operations of the ledger, one caller at a time."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Hold, Transfer, Wallet
from mobayilo.lib.errors import ProductError
from tests.billing.money import DOLLAR, capture, credit, hold, totals

pytestmark = [pytest.mark.db, pytest.mark.django_db]

CLAWBACK = Cause("clawback:1", Book.DISPUTES, Transfer.Kind.DISPUTE)


def test_balance_of_an_account_without_a_wallet_is_zero(alice: User) -> None:
    assert totals(alice.account) == (0, 0)
    assert not Wallet.objects.exists()


def test_open_wallet_opens_one(alice: User) -> None:
    assert ledger.open_wallet(alice.account) == ledger.open_wallet(alice.account)


def test_post_repeated_moves_money_once(account: Account) -> None:
    first, again = credit(account, 5, "topup:top_1"), credit(account, 5, "topup:top_1")
    assert first == again
    assert first.balance_after_micros == 25 * DOLLAR
    assert totals(account) == (25, 0)


def test_hold_reserves_and_capture_takes_what_was_used(account: Account) -> None:
    hold(account, 3)
    assert totals(account) == (20, 3)
    taken = capture(0.45)
    assert taken is not None
    assert (taken.key, taken.amount_micros) == ("call:call_1:settle", -450_000)
    assert (taken.book, taken.balance_after_micros) == (Book.CALL_REVENUE, 19_550_000)
    assert totals(account) == (19.55, 0)


def test_hold_repeated_is_the_first_even_when_nothing_is_left(account: Account) -> None:
    first = hold(account, 20)
    assert hold(account, 20) == first
    assert totals(account) == (20, 20)


def test_capture_repeated_returns_the_first_transfer(account: Account) -> None:
    hold(account, 3)
    assert capture(1) == capture(1) == capture(2)
    assert totals(account) == (19, 0)


def test_capture_of_nothing_releases(account: Account) -> None:
    hold(account, 3)
    assert capture(0) is None
    assert totals(account) == (20, 0)
    assert Hold.objects.get().state == Hold.State.RELEASED


def test_capture_above_the_hold_is_refused(account: Account) -> None:
    hold(account, 3)
    with pytest.raises(ValueError, match="within its hold"):
        capture(3.01)
    assert totals(account) == (20, 3)


def test_release_repeated_gives_back_once(account: Account) -> None:
    hold(account, 3)
    assert ledger.release_hold(key="call:call_1") is True
    assert ledger.release_hold(key="call:call_1") is False
    assert capture(1) is None
    assert totals(account) == (20, 0)


def test_expired_hold_still_pays_as_far_as_the_balance_reaches(account: Account) -> None:
    hold(account, 15)
    ledger.expire_hold(key="call:call_1")
    hold(account, 12, "call:call_2")
    taken = capture(10)
    assert taken is not None
    assert taken.amount_micros == -8 * DOLLAR
    assert capture(10) == taken
    assert totals(account) == (12, 12)


def test_hold_beyond_what_is_available_names_both_amounts(account: Account) -> None:
    hold(account, 18)
    with pytest.raises(ProductError) as refused:
        hold(account, 2.01, "call:call_2")
    assert refused.value.code == "insufficient_funds"
    assert refused.value.details == {"needed": "2.01", "available": "2.00"}
    assert totals(account) == (20, 18)


def test_hold_on_a_frozen_account_is_refused(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(frozen_at=timezone.now())
    with pytest.raises(ProductError) as refused:
        hold(account, 1)
    assert refused.value.code == "account_frozen"


def test_clawback_may_leave_a_debt_that_the_next_credit_settles(account: Account) -> None:
    hold(account, 5)
    ledger.post(account=account, amount_micros=-30 * DOLLAR, cause=CLAWBACK, may_owe=True)
    assert totals(account) == (-10, 5)
    with pytest.raises(ProductError) as refused:
        hold(account, 1, "call:call_2")
    assert refused.value.code == "account_owes"
    capture(2)
    credit(account, 15, "topup:top_2")
    hold(account, 3, "call:call_3")
    assert Wallet.objects.get().owed_micros == 0
    assert totals(account) == (3, 3)


def test_debit_beyond_the_balance_is_refused(account: Account) -> None:
    with pytest.raises(ProductError) as refused:
        credit(account, -20.01, "adjustment:2")
    assert refused.value.code == "insufficient_funds"
    assert totals(account) == (20, 0)


def test_failed_hold_leaves_the_callers_transaction_usable(account: Account) -> None:
    with transaction.atomic():
        with pytest.raises(ProductError):
            hold(account, 21)
        hold(account, 19, "call:call_2")
    assert totals(account) == (20, 19)


def test_hold_of_nothing_is_a_mistake_of_ours(account: Account) -> None:
    with pytest.raises(ValueError, match="reserves something"):
        ledger.place_hold(
            account=account,
            amount_micros=0,
            key="call:call_1",
            expires_at=timezone.now() + timedelta(hours=1),
        )
