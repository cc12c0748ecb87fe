"""Acts of staff that one asks for: done once, when a second person confirms."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEvent, PendingAct, User
from telephony.models import AccountLimits
from telephony.rules import limits_of
from tests.accounts.browser import sign_in
from tests.billing.admin_actions import act, decide, question, second
from tests.billing.at_once import while_waiting_for
from tests.billing.money import credit, totals
from tests.database import ON_SQLITE
from tests.people import person, staff

pytestmark = [pytest.mark.db, pytest.mark.django_db]
LIMITS, USERS = "/admin/telephony/accountlimits/add/", "/admin/accounts/user/add/"


@pytest.fixture
def account(alice: User) -> Account:
    """Alice's account with twenty dollars."""
    credit(alice.account, 20)
    return alice.account


def ask(user: User, account: Account, amount: str = "150") -> str:
    return act(user, "credit_or_debit", account.wallet, amount=amount, kind="promotion")


def test_large_credit_waits_and_moves_once_when_another_confirms(account: Account) -> None:
    finance = staff("finance")
    assert "waits for a second person" in ask(finance, account)
    assert "This form was sent before" in ask(finance, account)
    assert totals(account) == (20, 0)
    other = second("finance")
    assert "+$150.00; the balance is $170.00" in decide(other)
    assert "confirmed already; nothing was done now" in decide(other)
    assert totals(account) == (170, 0)
    event = AuditEvent.objects.get(action="act.confirmed", account=account)
    assert (event.user, event.facts["asked_by"]) == (other, "finance@example.com")


def test_no_one_confirms_what_they_asked_for(account: Account) -> None:
    finance = staff("finance")
    ask(finance, account)
    assert "You asked for this" in decide(finance)
    assert totals(account) == (20, 0)


def test_limits_and_rights_of_the_second_person_hold(account: Account) -> None:
    ask(staff("finance"), account)
    assert "You may credit or debit up to $20.00" in decide(staff("support"))
    viewer = person("viewer@example.com", is_staff=True)
    codes = ("view_pendingact", "confirm_pendingact")
    viewer.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    assert "needs the right billing.adjust_wallet" in decide(viewer)
    assert totals(account) == (20, 0)
    assert PendingAct.objects.get().state == "waiting"


def test_support_asks_finance_for_more_than_its_own_limit(account: Account) -> None:
    assert "waits for a second person" in ask(staff("support"), account, "50")
    assert "+$50.00" in decide(staff("finance"))
    assert totals(account) == (70, 0)


def test_customer_who_is_staff_confirms_nothing_for_themselves(account: Account) -> None:
    ask(staff("finance"), account)
    other = second("finance")
    User.objects.filter(pk=other.pk).update(account=account)
    assert "Staff do not act for themselves" in decide(other)
    assert totals(account) == (20, 0)


def test_act_that_was_refused_or_waited_too_long_is_not_done(account: Account) -> None:
    finance = staff("finance")
    ask(finance, account)
    other = second("finance")
    assert "Refused: +$150.00" in decide(other, "refuse")
    assert "refused already" in decide(other)
    PendingAct.objects.update(state="waiting", created_at="2026-01-01T00:00Z", decided_by=None)
    assert "Ask for it once more" in decide(other)
    assert totals(account) == (20, 0)


def test_act_that_waited_too_long_can_be_refused_and_not_confirmed(account: Account) -> None:
    ask(staff("finance"), account)
    PendingAct.objects.update(created_at=timezone.now() - timedelta(days=8))
    other = second("finance")
    assert "It waited for more than 7 days" in decide(other)
    assert PendingAct.objects.get().state == "waiting"
    assert "Refused: +$150.00" in decide(other, "refuse")
    assert (PendingAct.objects.get().state, totals(account)) == ("refused", (20, 0))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(ON_SQLITE, reason="SQLite has one writer")
def test_confirmation_stands_over_a_refusal_made_meanwhile(account: Account) -> None:
    finance, other = staff("finance"), second("finance")
    ask(finance, account)
    page = while_waiting_for(
        account.wallet,
        lambda: decide(other),
        lambda: decide(finance, "refuse"),
    )
    assert "+$150.00; the balance is $170.00" in page
    assert totals(account) == (170, 0)
    decided = PendingAct.objects.get()
    assert (decided.state, decided.decided_by) == ("confirmed", other)
    events = AuditEvent.objects.filter(action__startswith="act.").order_by("id")
    assert list(events.values_list("action", flat=True))[1:] == ["act.refused", "act.confirmed"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(ON_SQLITE, reason="SQLite has one writer")
def test_refusal_that_came_too_late_says_so(account: Account) -> None:
    finance, other = staff("finance"), second("finance")
    ask(finance, account)
    page = while_waiting_for(
        PendingAct.objects.get(),
        lambda: decide(finance, "refuse"),
        lambda: decide(other),
    )
    assert "It was decided a moment ago; nothing was done now." in page
    assert "Refused:" not in page
    assert totals(account) == (170, 0)
    assert PendingAct.objects.get().state == "confirmed"
    assert not AuditEvent.objects.filter(action="act.refused").exists()


def test_page_of_the_second_person_shows_whose_and_how_much(account: Account) -> None:
    ask(staff("finance"), account)
    shown = re.sub(r"<[^>]+>|\s+", " ", question(second("finance")))
    for fact in ("finance@example.com", "ticket 4711", "alice@example.org", "$20.00", "+$150.00"):
        assert fact in shown


@pytest.fixture
def boss() -> User:
    return person("root@example.com", is_staff=True, is_superuser=True)


def send(user: User, path: str, **fields: Any) -> str:
    """Fill in a form. Return the words of the page that follows."""
    sent = {"reason": "ticket 4711", "key": "one", **fields}
    page = sign_in(user).post(path, sent, follow=True).content.decode()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def give_rights(user: User, to: User, **fields: Any) -> str:
    support = Group.objects.get(name="support")
    rights = {"is_active": "on", "is_staff": "on", "groups": [support.pk], **fields}
    return send(user, f"/admin/accounts/user/{to.pk}/change/", **rights)


def test_rights_that_changed_meanwhile_are_not_given(boss: User, alice: User) -> None:
    """A user who was locked since is not let in by an older form."""
    other = second("superuser")
    words = "Rights of alice@example.org: group support, staff"
    assert f"“{words}” waits for a second person" in give_rights(boss, alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "This can be done no more" in decide(other)
    alice.refresh_from_db()
    assert (alice.is_active, alice.is_staff, alice.groups.count()) == (False, False, 0)


def test_rights_are_taken_away_at_once(boss: User) -> None:
    helper = staff("support")
    send(boss, f"/admin/accounts/user/{helper.pk}/change/", is_active="on")
    helper.refresh_from_db()
    assert (helper.is_staff, helper.groups.count(), PendingAct.objects.count()) == (False, 0, 0)


def test_rights_that_no_one_could_confirm_are_refused(boss: User, alice: User) -> None:
    assert "Another superuser has to confirm this, and there is none" in give_rights(boss, alice)
    assert not PendingAct.objects.exists()
    second("superuser")
    assert "waits for a second person" in give_rights(boss, alice)
    assert "You may not do this on your own" in decide(staff("operator"))
    assert not User.objects.get(pk=alice.pk).is_staff


def test_much_higher_limit_of_spending_waits_once(alice: User) -> None:
    operator, account = staff("operator"), alice.account
    limits = {"account_id": account.public_id, "spend_max_cents_per_day": "900", "calls_at_once": 7}
    words = f"Spending of {account}: $900.00 a day in place of $200.00"
    assert f"“{words}” waits for a second person" in send(operator, LIMITS, **limits)
    assert "This form was sent before" in send(operator, LIMITS, **limits)
    assert not AccountLimits.objects.exists()
    other = second("operator")
    shown = question(other)
    for fact in ("ticket 4711", "alice@example.org", "Calls at once", "$200.00 a day"):
        assert fact in shown
    assert words in decide(other)
    in_force = limits_of(Account.objects.get(pk=account.pk))
    assert (in_force.spend_max_cents_per_day, in_force.calls_at_once) == (90_000, 7)
    assert AuditEvent.objects.get(action="account.limits_set").user == other


@pytest.mark.parametrize("dollars", ["300", "5", ""])
def test_limit_that_is_lower_or_little_higher_is_set_at_once(alice: User, dollars: str) -> None:
    sent = {"account_id": alice.account.public_id, "spend_max_cents_per_day": dollars}
    send(staff("operator"), LIMITS, **sent)
    assert AccountLimits.objects.get().account == alice.account
    assert not PendingAct.objects.exists()


def test_user_for_an_account_with_much_money_waits(alice: User) -> None:
    sent = {"email": "new@example.org", "account_id": alice.account.public_id}
    credit(alice.account, 101)
    assert "new@example.org added to acct_" in send(staff("support"), USERS, **sent)
    assert not User.objects.filter(email="new@example.org").exists()
    assert "You may not do this on your own" in decide(staff("finance"))
    assert "Done" in decide(second("support"))
    assert User.objects.get(email="new@example.org").account == alice.account


def test_form_of_a_stranger_or_with_a_fault_asks_no_one(alice: User) -> None:
    sent = {"account_id": alice.account.public_id, "spend_max_cents_per_day": "900"}
    assert sign_in(staff("support")).post(LIMITS, {**sent, "reason": "ticket"}).status_code == 403
    assert Client().post(LIMITS, sent).status_code == 302
    send(staff("operator"), LIMITS, **sent, reason="no")
    assert not PendingAct.objects.exists()
