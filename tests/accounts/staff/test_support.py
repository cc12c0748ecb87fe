"""Actions of support for an account, each with a reason."""

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import AccessToken, Account, AuditEvent, OutboxMail, User
from tests.accounts.admin_actions import act
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import approve, poll, start
from tests.people import new_token

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
