"""Actions of the staff about money, through the admin."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import Account, AuditEvent, PendingAct, User
from billing.models import Dispute, Refund, StripeEvent, TopUp
from tests.accounts.browser import sign_in
from tests.billing.admin_actions import act, decide, question, second
from tests.billing.money import credit, hold, totals
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import person, staff

pytestmark = [pytest.mark.db, pytest.mark.django_db]
PAGES = ("wallet", "transfer", "hold", "topup", "refund", "dispute", "stripeevent", "auditreport")


@pytest.mark.parametrize("page", PAGES)
def test_money_is_there_to_look_at_only(account: Account, page: str) -> None:
    hold(account, 1)
    browser = sign_in(staff("support"))
    assert browser.get(f"/admin/billing/{page}/").status_code == 200
    assert browser.get(f"/admin/billing/{page}/add/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_support_refunds_a_part_of_a_topup(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    user = staff("support")
    said = [act(user, "refund", paid, amount="5") for _ in range(2)]
    assert "$15.00 of" in said[0]
    assert Refund.objects.get().reason == "ticket 4711"
    assert totals(paid.account) == (15, 0)


@pytest.mark.django_db(transaction=True)
def test_staff_ask_stripe_about_a_topup(stripe_sandbox: StripeSandbox, topup: TopUp) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay")
    assert f"Top-up {topup} is paid" in act(staff("support"), "ask", topup)
    assert AuditEvent.objects.get(action="topup.asked_about").facts["reason"] == "ticket 4711"


@pytest.mark.django_db(transaction=True)
def test_operators_apply_an_event_again(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    event = StripeEvent.objects.get(kind="checkout.session.completed")
    assert "Applied" in act(staff("operator"), "apply_again", event)
    recorded = AuditEvent.objects.get(action="stripe_event.applied_again")
    assert (recorded.account, recorded.facts["reason"]) == (paid.account, "ticket 4711")
    assert totals(paid.account) == (20, 0)


def test_customers_and_bare_staff_move_no_money(account: Account, alice: User) -> None:
    credit(account, 1, "adjustment:3")
    nobody = person("nobody@example.com", is_staff=True)
    for user in (alice, nobody):
        act(user, "credit_or_debit", account.wallet, amount="5", kind="adjustment")
    assert totals(account) == (21, 0)


@pytest.mark.django_db(transaction=True)
def test_support_withdraws_a_warning_once_and_for_good(
    stripe_sandbox: StripeSandbox, paid: TopUp
) -> None:
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    assert totals(paid.account) == (0, 0)
    user, warning = staff("support"), Dispute.objects.get()
    assert "no longer takes its money" in act(user, "withdraw", warning)
    assert "was withdrawn before; nothing moved now" in act(user, "withdraw", warning)
    call_command("replay_stripe_events")
    assert totals(paid.account) == (20, 0)
    assert not Account.objects.get(pk=paid.account_id).is_frozen
    recorded = AuditEvent.objects.get(action="warning.withdrawn")
    assert (recorded.user, recorded.facts["reason"]) == (user, "ticket 4711")


@pytest.mark.django_db(transaction=True)
def test_support_withdraws_no_dispute(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    said = act(staff("support"), "withdraw", Dispute.objects.get())
    assert "the bank&#x27;s to decide" in said
    assert totals(paid.account) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_large_refund_waits_for_a_second_person(
    stripe_sandbox: StripeSandbox, paid: TopUp, settings: Settings
) -> None:
    settings.SECOND_PERSON_ABOVE_CENTS = 1_000
    assert "waits for a second person" in act(staff("support"), "refund", paid, amount="15")
    assert not Refund.objects.exists()
    assert "$5.00 of" in decide(staff("finance"))
    assert totals(paid.account) == (5, 0)


@pytest.mark.django_db(transaction=True)
def test_refund_of_more_than_was_paid_asks_no_one(paid: TopUp, settings: Settings) -> None:
    settings.SECOND_PERSON_ABOVE_CENTS = 1_000
    page = act(staff("support"), "refund", paid, amount="20.01")
    assert "Of this top-up, $20.00 can be refunded." in page
    assert not PendingAct.objects.exists()


def test_large_refund_of_a_call_that_is_not_there_asks_no_one(account: Account) -> None:
    sent = {"amount": "50", "kind": "call_refund", "reference": "call_nonexistent"}
    shown = act(staff("support"), "credit_or_debit", account.wallet, **sent)
    assert "Name the call of this account" in shown
    assert not PendingAct.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_large_warning_is_withdrawn_by_two(
    stripe_sandbox: StripeSandbox, paid: TopUp, settings: Settings
) -> None:
    settings.SECOND_PERSON_ABOVE_CENTS = 1_000
    stripe_sandbox.warn(stripe_sandbox.payment_of(paid))
    stripe_sandbox.settle()
    asked = act(staff("support"), "withdraw", Dispute.objects.get())
    assert "waits for a second person" in asked
    assert totals(paid.account) == (0, 0)
    assert "$20.00" in question(staff("finance"))
    assert "no longer takes its money" in decide(second("finance"))
    assert totals(paid.account) == (20, 0)
