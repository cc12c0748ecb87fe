"""Mails about a balance that runs low: one a crossing, to everybody of the account."""

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, OutboxMail, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Transfer
from tests.billing.money import capture, credit, hold
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]
TEMPLATE = "billing/mail/low_balance"


def spend(account: Account, dollars: float, key: str) -> None:
    hold(account, dollars, key)
    capture(dollars, key)


def mails() -> int:
    return OutboxMail.objects.filter(template=TEMPLATE).count()


def test_each_crossing_is_mailed_once(account: Account) -> None:
    counts = []
    for number, change in enumerate([-17.5, -1, -0.5, 10, -8, -1.5]):
        if change > 0:
            credit(account, change, f"topup:{number}")
        else:
            spend(account, -change, f"call:{number}")
        counts.append(mails())
    # 2.50 · 1.50, mail · 1.00 · 11.00 · 3.00 · 1.50, mail
    assert counts == [0, 1, 1, 1, 1, 2]


def test_every_user_of_the_account_is_mailed_and_no_stranger(
    account: Account, bob: User, charlie: User
) -> None:
    spend(account, 19.5, "call:1")
    low = OutboxMail.objects.filter(template=TEMPLATE)
    assert set(low.values_list("user__email", flat=True)) == {
        "alice@example.org",
        "bob@example.org",
    }


def test_capture_that_is_repeated_mails_no_one_again(account: Account) -> None:
    spend(account, 19.5, "call:1")
    capture(19.5, "call:1")
    assert mails() == 1


def test_mail_says_what_is_left_and_how_to_top_up(account: Account) -> None:
    spend(account, 18.765, "call:1")
    call_command("send_notices")
    sent = next(sent for sent in mail.outbox if "low" in sent.subject)
    assert sent.subject == "Your Mobayilo balance is low: $1.23"
    assert "/topup" in sent.body
    assert "moby topup 20 --open" in sent.body


def test_zero_as_the_limit_sends_nothing(account: Account, settings: Settings) -> None:
    settings.LOW_BALANCE_CENTS = 0
    spend(account, 20, "call:1")
    assert mails() == 0


def test_balance_shows_terminals_that_it_is_low(account: Account, alice: User) -> None:
    api = api_of(alice)
    before = api.get("/api/cli/v1/balance").json()
    spend(account, 19, "call:1")
    after = api.get("/api/cli/v1/balance").json()
    assert (before["is_low"], after["is_low"]) == (False, True)
    alice.account.frozen_at = timezone.now()
    alice.account.save()
    assert api.get("/api/cli/v1/balance").json()["is_low"] is False  # no top-up is taken
    assert (after["balance"], after["balance_cents"], after["held_cents"]) == ("1.00", 100, 0)


def test_balance_rounds_what_is_there_down_and_what_is_held_up(
    account: Account, alice: User
) -> None:
    hold(account, 0.015)
    balance = api_of(alice).get("/api/cli/v1/balance").json()
    assert (balance["available_cents"], balance["held_cents"]) == (1_998, 2)
    assert balance["available_balance_cents"] == balance["available_cents"]


@pytest.mark.parametrize(
    ("kind", "dollars", "subject"),
    [
        (Transfer.Kind.TOPUP, 20, "Receipt: $20.00 added to your Mobayilo balance"),
        (Transfer.Kind.REFUND, -5, "$5.00 refunded"),
        (Transfer.Kind.REFUND_RETURNED, 5, "A refund of $5.00 did not go through"),
        (Transfer.Kind.CALL_REFUND, 0.0455, "$0.0455 credited to your Mobayilo balance"),
        (Transfer.Kind.ADJUSTMENT, -1, "$1.00 taken from your Mobayilo balance"),
    ],
)
def test_money_that_moves_has_a_mail_for_each_user(
    account: Account, bob: User, charlie: User, kind: Transfer.Kind, dollars: float, subject: str
) -> None:
    OutboxMail.objects.all().delete()
    cause = Cause("once", Book.ADJUSTMENTS, kind, "Correction by support", "top_1")
    for _ in range(2):
        ledger.post(account=account, amount_micros=round(dollars * 1_000_000), cause=cause)
    call_command("send_notices")
    assert [(sent.to, sent.subject) for sent in sorted(mail.outbox, key=lambda m: m.to)] == [
        (["alice@example.org"], subject),
        (["bob@example.org"], subject),
    ]
    assert ("/topup/top_1/receipt" in mail.outbox[0].body) is (kind == Transfer.Kind.TOPUP)
