"""Acts of staff that one asks for: done once, when a second person confirms."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import Account, AuditEvent, PendingAct, User
from tests.accounts.browser import sign_in
from tests.billing.admin_actions import act, decide, second
from tests.billing.at_once import while_waiting_for
from tests.billing.money import credit, totals
from tests.database import ON_SQLITE
from tests.people import person, staff

pytestmark = [pytest.mark.db, pytest.mark.django_db]


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


def test_nobody_confirms_what_they_asked_for(account: Account) -> None:
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
    sent = {"action": "confirm", "_selected_action": PendingAct.objects.get().pk}
    page = sign_in(second("finance")).post("/admin/accounts/pendingact/", sent).content.decode()
    shown = re.sub(r"<[^>]+>|\s+", " ", page)
    for fact in ("finance@example.com", "ticket 4711", "alice@example.org", "$20.00", "+$150.00"):
        assert fact in shown
