"""Actions of support for an account, each with a reason."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import AccessToken, Account, AuditEvent, OutboxMail, User
from tests.accounts.admin_actions import act
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import approve, poll, start
from tests.accounts.second_factor import set_up_factor
from tests.billing.admin_actions import decide, second
from tests.people import new_token, person

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_account_is_frozen_and_thawed_with_a_reason(operator: User, alice: User) -> None:
    browser = sign_in(operator)
    assert "at least 5" in act(browser, "account", "freeze", alice.account, reason="x")
    assert act(browser, "account", "freeze", alice.account) == "done"
    account = Account.objects.get(pk=alice.account.pk)
    assert (account.is_frozen, account.frozen_reason) == (True, "ticket 4711")
    assert act(browser, "account", "thaw", alice.account) == "done"
    events = AuditEvent.objects.filter(account=account, user=operator, via="staff")
    assert list(events.order_by("id").values_list("action", flat=True)) == [
        "account.frozen",
        "account.thawed",
    ]


def test_policy_is_previewed_then_set(operator: User, alice: User) -> None:
    long, short = new_token(alice, days=90).row, new_token(alice, name="s", days=7).row
    browser = sign_in(operator)
    preview = act(browser, "account", "tighten", alice.account, max_days="30", preview_only="on")
    assert "1 tokens would be cut" in preview
    assert Account.objects.get(pk=alice.account.pk).token_max_days is None
    assert act(browser, "account", "tighten", alice.account, max_days="30", cut="on") == "done"
    long.refresh_from_db()
    short.refresh_from_db()
    assert long.expires_at is not None
    assert short.expires_at is not None
    assert (long.expires_at - long.created_at).days == 30
    assert (short.expires_at - short.created_at).days == 7


def test_tokens_are_revoked_for_a_customer(operator: User, alice: User, charlie: User) -> None:
    token, kept = new_token(alice).row, new_token(charlie).row
    browser = sign_in(operator)
    assert act(browser, "accesstoken", "revoke", token) == "done"
    assert list(AccessToken.objects.live()) == [kept]
    assert act(browser, "account", "revoke", charlie.account) == "done"
    event = AuditEvent.objects.filter(action="token.revoked", account=charlie.account).get()
    assert (event.user, event.via, event.facts["why"]) == (operator, "staff", "ticket 4711")


@pytest.mark.parametrize("page", ["account", "user"])
def test_revoking_and_locking_leave_no_login_to_be_fetched(
    client: Client, operator: User, alice: User, page: str
) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    row, action = (alice.account, "revoke") if page == "account" else (alice, "lock")
    assert act(sign_in(operator), page, action, row) == "done"
    User.objects.update(is_active=True)
    assert poll(client, body["device_code"])[1]["error"] == "access_denied"


def test_mail_is_sent_again(operator: User, alice: User) -> None:
    new_token(alice)
    call_command("send_notices")
    assert act(sign_in(operator), "outboxmail", "send_again", OutboxMail.objects.get()) == "done"
    call_command("send_notices")
    assert len(mail.outbox) == 2
    assert mail.outbox[0].body == mail.outbox[1].body


ADD_USER = "/admin/accounts/user/add/"


def test_locked_user_is_out_at_once(operator: User, alice: User) -> None:
    new_token(alice)
    customer = sign_in(alice)
    browser = sign_in(operator)
    assert act(browser, "user", "lock", alice) == "done"
    assert customer.get("/settings/tokens").status_code == 302
    assert not AccessToken.objects.live().exists()
    assert act(browser, "user", "unlock", alice) == "done"
    assert sign_in(alice).get("/settings/tokens").status_code == 200


def test_browser_sessions_of_a_customer_are_ended(operator: User, alice: User) -> None:
    customer = sign_in(alice)
    assert act(sign_in(operator), "user", "end_sessions", alice) == "done"
    assert customer.get("/settings/tokens").status_code == 302


def test_colleague_is_added_to_an_account(operator: User, alice: User) -> None:
    sent = {"email": "New@Example.org", "account_id": alice.account.public_id}
    browser = sign_in(operator)
    assert "reason" in browser.post(ADD_USER, sent).context["adminform"].form.errors
    answer = browser.post(ADD_USER, {**sent, "reason": "ticket 4711"})
    assert answer.status_code == 302, answer.context["errors"]
    assert AuditEvent.objects.get(action="user.added").facts["reason"] == "ticket 4711"
    added = User.objects.get(email="new@example.org")
    assert (added.account, added.has_usable_password()) == (alice.account, False)
    call_command("send_notices")
    assert "/accounts/password/reset/" in mail.outbox[0].body


def test_superuser_says_who_is_staff_and_it_is_recorded(alice: User, operator: User) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    path = f"/admin/accounts/user/{alice.pk}/change/"
    sent = {"is_active": "on", "is_staff": "on", "groups": [Group.objects.get(name="support").pk]}
    assert sign_in(operator).post(path, sent).status_code == 403
    assert "reason" in boss.post(path, sent).context["adminform"].form.errors
    other = second("superuser")
    assert boss.post(path, {**sent, "reason": "hired today"}).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_staff
    decide(other)
    alice.refresh_from_db()
    assert alice.is_staff
    event = AuditEvent.objects.get(action="user.changed", account=alice.account)
    assert sorted(event.facts["changed"]) == ["groups", "is_staff"]
    assert event.facts["reason"] == "hired today"


def test_address_that_is_taken_is_not_added_again(operator: User, alice: User) -> None:
    sent = {"email": "ALICE@example.org", "reason": "ticket 4711"}
    answer = sign_in(operator).post(ADD_USER, sent)
    assert answer.status_code == 200
    assert User.objects.filter(email="alice@example.org").count() == 1


USERS = "/admin/accounts/user/"


def remove(browser: Client, user: User) -> int:
    sent = {"action": "remove_second_factor", "_selected_action": user.pk, "with_reason": "yes"}
    return browser.post(USERS, {**sent, "reason": "knows the last call"}).status_code


def test_lost_factor_is_removed_with_sessions_and_a_mail(operator: User, alice: User) -> None:
    customer = sign_in(alice)
    set_up_factor(alice)
    assert remove(sign_in(operator), alice) == 302
    assert not Authenticator.objects.filter(user=alice).exists()
    assert customer.get("/settings/tokens").status_code == 302
    event = AuditEvent.objects.get(action="user.second_factor_removed")
    assert (event.account, event.facts["reason"]) == (alice.account, "knows the last call")
    call_command("send_notices")
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        (["alice@example.org"], "Your second factor was removed")
    ]
    assert sign_in(alice).get("/settings/tokens").status_code == 200


def test_factor_that_is_not_there_is_not_removed(operator: User, alice: User) -> None:
    remove(sign_in(operator), alice)
    assert not AuditEvent.objects.filter(action="user.second_factor_removed").exists()


def test_support_and_colleagues_do_not_remove_it(operator: User, alice: User) -> None:
    helper = person("helper@example.org", is_staff=True)
    helper.groups.add(Group.objects.get(name="support"))
    for user in (alice, helper):
        set_up_factor(user)
    remove(sign_in(person("kim@example.org", is_staff=True)), alice)
    assert remove(sign_in(operator), helper) == 403
    assert Authenticator.objects.values("user").distinct().count() == 2
