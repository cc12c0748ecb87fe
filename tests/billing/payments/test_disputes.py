"""Disputes and fraud warnings, with the sandbox as Stripe: in any order, to one end."""

import itertools

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from billing.models import Dispute, Refund, StripeEvent, TopUp
from billing.payments.disputes import read_dispute, record_claim
from billing.payments.refunds import start_refund
from billing.payments.topups import ContradictionError, start_topup
from tests.billing.money import DOLLAR, assert_books_are_right, capture, hold, totals
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import api_of, staff

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
ACCOUNTS = "/admin/accounts/account/"


def is_frozen(topup: TopUp) -> bool:
    return Account.objects.get(pk=topup.account_id).is_frozen


def test_dispute_freezes_and_takes_back_even_into_debt(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    hold(paid.account, 20)
    capture(12)
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((-12, 0), True)
    assert AuditEvent.objects.filter(action="account.frozen").count() == 1
    assert_books_are_right()


@pytest.mark.parametrize(("how", "dollars", "frozen"), [("win", 20, False), ("lose", 0, True)])
def test_dispute_that_ends(
    stripe_sandbox: StripeSandbox, paid: TopUp, how: str, dollars: int, frozen: bool
) -> None:
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), how)
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((dollars, 0), frozen)
    assert_books_are_right()


def test_won_dispute_leaves_frozen_what_support_froze(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    Account.objects.update(frozen_at="2026-01-01T00:00:00Z", frozen_reason="Asked by police")
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((20, 0), True)


def test_support_freezes_what_a_dispute_froze_before(
    stripe_sandbox: StripeSandbox, paid: TopUp, client: Client
) -> None:
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    client.force_login(staff("support"))
    form = {"action": "freeze", "_selected_action": [paid.account_id], "with_reason": "yes"}
    for said in ("1 frozen.", "0 frozen."):
        page = client.post(ACCOUNTS, {**form, "reason": "stolen cards"}, follow=True)
        assert said in page.content.decode()
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((20, 0), True)


def test_dispute_of_a_part_takes_that_part(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    assert totals(paid.account) == (15, 0)
    assert_books_are_right()


def test_warning_then_dispute_takes_once_and_winning_returns_all(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((0, 0), True)
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((20, 0), False)
    assert_books_are_right()


def test_warning_is_ended_by_a_refund_of_support(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    done = start_refund(
        topup=paid, amount_micros=20 * DOLLAR, user=staff("finance"), reason="Fraud", by_staff=True
    )
    stripe_sandbox.settle()
    paid.refresh_from_db()
    assert (done.status, paid.shown_status) == (Refund.Status.SUCCEEDED, "refunded")
    assert totals(paid.account) == (0, 0)
    assert_books_are_right()


def test_lost_dispute_of_a_part_ends_the_warning(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    payment = stripe_sandbox.payment_of(paid)
    stripe_sandbox.warn(payment)
    dispute = stripe_sandbox.dispute(payment, amount=500)
    stripe_sandbox.settle()
    assert totals(paid.account) == (0, 0)
    stripe_sandbox.close(dispute, "lose")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((15, 0), True)
    assert_books_are_right()


def pay_again(stripe_sandbox: StripeSandbox, user: User) -> TopUp:
    another = start_topup(account=user.account, user=user, amount_cents=1_000)
    stripe_sandbox.act(another, "pay")
    stripe_sandbox.settle()
    return another


@pytest.mark.parametrize("first_won", [0, 1])
def test_account_of_two_disputed_payments_thaws_with_the_second(
    stripe_sandbox: StripeSandbox, paid: TopUp, alice: User, first_won: int
) -> None:
    payments = [paid, pay_again(stripe_sandbox, alice)]
    disputes = [stripe_sandbox.dispute(stripe_sandbox.payment_of(one)) for one in payments]
    stripe_sandbox.settle()  # webhooks may overtake each other, and a win its dispute
    stripe_sandbox.close(disputes[first_won], "win")
    stripe_sandbox.settle()
    left = payments[1 - first_won]
    assert Account.objects.get(pk=left.account_id).frozen_reason == f"Disputed payment {left}"
    stripe_sandbox.close(disputes[1 - first_won], "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((30, 0), False)
    assert AuditEvent.objects.filter(action="account.thawed").count() == 1


def test_won_dispute_thaws_although_an_older_one_was_lost_and_thawed_by_hand(
    stripe_sandbox: StripeSandbox, paid: TopUp, alice: User
) -> None:
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), "lose")
    stripe_sandbox.settle()
    Account.objects.update(frozen_at=None, frozen_reason="")
    alice.account.refresh_from_db()
    another = pay_again(stripe_sandbox, alice)
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(another)), "win")
    stripe_sandbox.settle()
    assert (totals(paid.account), is_frozen(paid)) == ((10, 0), False)


HELD = ("checkout.session.completed", "charge.dispute.created", "charge.dispute.closed", "radar.*")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_events_of_a_payment_end_the_same_in_any_order(
    stripe_sandbox: StripeSandbox, topup: TopUp, order: tuple[int, ...]
) -> None:
    for kind in HELD:
        stripe_sandbox.rule("hold", f"stripe:{kind}")
    stripe_sandbox.act(topup, "pay")
    payment = stripe_sandbox.payment_of(topup)
    stripe_sandbox.warn(payment)
    stripe_sandbox.close(stripe_sandbox.dispute(payment, amount=500), "lose")
    stripe_sandbox.settle()
    assert totals(topup.account) == (0, 0)
    stripe_sandbox.control.post("webhooks/release", order=list(order))
    topup.refresh_from_db()
    assert (topup.disputed_micros, is_frozen(topup)) == (5 * DOLLAR, True)
    assert Dispute.objects.get(kind="dispute").state == Dispute.State.LOST
    assert not StripeEvent.objects.exclude(outcome__in=["applied", "ignored", "unknown"]).exists()
    assert_books_are_right()


@pytest.mark.parametrize(
    ("statuses", "balance", "frozen"),
    [
        (["warning_needs_response", "warning_under_review", "warning_closed"], 20, False),
        (["prevented"], 20, False),
        (["warning_needs_response", "needs_response"], 0, True),
        (["needs_response", "under_review", "lost", "appeal_under_review", "won"], 20, False),
        (["needs_response", "lost", "appeal_needs_response"], 0, True),
        (["won", "needs_response"], 20, False),
    ],
)
def test_dispute_of_each_status(
    stripe_sandbox: StripeSandbox, paid: TopUp, statuses: list[str], balance: int, frozen: bool
) -> None:
    said = {"id": "du_1", "amount": 2_000, "currency": "usd"}
    payment = stripe_sandbox.payment_of(paid)
    for status in statuses:
        record_claim(read_dispute({**said, "payment_intent": payment, "status": status}))
    assert (totals(paid.account), is_frozen(paid)) == ((balance, 0), frozen)
    assert_books_are_right()


def test_dispute_in_another_currency_or_of_an_unknown_status_is_refused(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    said = {"id": "du_1", "amount": 2_000, "payment_intent": stripe_sandbox.payment_of(paid)}
    with pytest.raises(ContradictionError):
        record_claim(read_dispute({**said, "status": "lost", "currency": "eur"}))
    with pytest.raises(ValueError, match="unknown status"):
        read_dispute({**said, "status": "forgotten", "currency": "usd"})
    assert totals(paid.account) == (20, 0)


def test_freeze_and_thaw_by_a_dispute_are_mailed_with_the_reason(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    call_command("send_notices")
    subjects = [message.subject for message in mail.outbox]
    # The first mail is the receipt of the top-up.
    assert subjects[1:] == ["Your Mobayilo account is frozen", "Your Mobayilo account works again"]
    assert f"Disputed payment {paid}" in str(mail.outbox[1].body)
    assert "The bank closed the dispute, and the payment stands." in str(mail.outbox[2].body)


def test_pages_of_a_frozen_account_name_the_reason_and_offer_no_topup(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client, settings: Settings
) -> None:
    settings.SUPPORT_EMAIL = "help@example.com"
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    for path in ("/home", "/statement", "/topup", f"/topup/{paid}", "/settings/security"):
        page = browser.get(path).content.decode()
        assert "This account has been frozen" in page, path
        assert f'<a href="/topup/{paid}">' in page
        assert "mailto:help@example.com" in page
        assert 'href="/topup">' not in page
    assert 'name="amount"' not in browser.get("/topup").content.decode()


def test_topup_says_how_its_dispute_ended_in_words_for_the_customer(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), "win")
    stripe_sandbox.settle()
    words = {
        Dispute.State.INQUIRY: "the bank asks about it",
        Dispute.State.OPEN: "under way",
        Dispute.State.LOST: "the bank returned it to the cardholder",
        Dispute.State.WON: "decided, the money is in your balance",
        Dispute.State.WITHDRAWN: "withdrawn, the money is in your balance",
    }
    assert Dispute.objects.get().state == Dispute.State.WON
    assert set(words) == set(Dispute.State)
    for state, said in words.items():
        Dispute.objects.update(state=state)
        page = browser.get(f"/topup/{paid}").content.decode()
        assert f": {said}.</p>" in page
        assert f": {state.label}." not in page


def test_disputed_topup_is_called_so_on_its_page_and_in_the_api(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    terminal = api_of(paid.user)
    badge = '<span class="badge badge-bad">Disputed</span>'
    dispute = stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    page = browser.get(f"/topup/{paid}").content.decode()
    assert (badge in page, "$20.00 of it was taken back" in page) == (True, True)
    assert terminal.get(f"/api/cli/v1/topups/{paid}").json()["status"] == "disputed"
    assert "Disputed payment" in browser.get("/statement").content.decode()
    stripe_sandbox.close(dispute, "win")
    stripe_sandbox.settle()
    assert badge not in browser.get(f"/topup/{paid}").content.decode()
    assert terminal.get(f"/api/cli/v1/topups/{paid}").json()["status"] == "paid"


def test_dispute_stands_on_its_topup_with_the_date_to_answer_by(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    dispute = Dispute.objects.get()
    assert dispute.answer_by is not None
    assert dispute.stripe_url.endswith(dispute.stripe_id)
    page = browser.get(f"/topup/{paid}").content.decode()
    assert "The bank takes answers until" in page
    assert "$5.00" in page
