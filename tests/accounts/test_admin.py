"""Accounts as support sees them."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from pytest_django import Settings

from accounts.models import AccessToken, Account, AuditEvent, DeviceLogin, OutboxMail, User
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import approve, poll, start
from tests.people import new_token, person

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ADD_USER = "/admin/accounts/user/add/"
PAGES = ("account", "user", "accesstoken", "devicelogin", "auditevent", "outboxmail")


@pytest.fixture
def staff(db: None) -> User:
    user = person("sam@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    return user


def act(
    browser: Client, page: str, action: str, *rows: Account | User | AccessToken | OutboxMail,
    reason: str = "ticket 4711", **more: str,
) -> str:  # fmt: skip
    """Chooses an action in a list, then fills its page in."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    asked = browser.post(f"/admin/accounts/{page}/", chosen)
    if asked.status_code != 200 or b"with_reason" not in asked.content:
        return f"refused: {asked.status_code}"
    answer = browser.post(
        f"/admin/accounts/{page}/", {**chosen, "with_reason": "yes", "reason": reason, **more}
    )
    return "done" if answer.status_code == 302 else answer.content.decode()


def test_staff_come_in_by_the_one_sign_in(client: Client, staff: User, alice: User) -> None:
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/accounts/login/")
    assert sign_in(staff).get("/admin/").status_code == 200
    assert sign_in(alice).get("/admin/").status_code == 302


def test_staff_without_a_second_factor_are_sent_to_set_one_up(
    staff: User, settings: Settings
) -> None:
    settings.STAFF_MFA_REQUIRED = True
    browser = sign_in(staff)
    refused = browser.get("/admin/accounts/account/")
    assert refused["Location"].startswith("/admin/login/")
    assert browser.get("/admin/login/")["Location"] == "/accounts/2fa/"


def test_first_page_has_one_heading_for_each_room(staff: User) -> None:
    page = sign_in(staff).get("/admin/").content.decode()
    headings = re.findall(r'class="section" title="Models in the ([^"]+) application"', page)
    assert headings == ["Accounts", "Billing", "Overview", "Telephony"]
    assert "/admin/mfa/authenticator/" in page


def test_pages_show_nothing_secret(client: Client, staff: User, alice: User) -> None:
    token = new_token(alice)
    started = start(client)
    browser = sign_in(staff)
    seen = ""
    for page in PAGES:
        listed = browser.get(f"/admin/accounts/{page}/").content.decode()
        for path in set(re.findall(rf"/admin/accounts/{page}/\d+/change/", listed)):
            seen += browser.get(path).content.decode()
        seen += listed
    assert "alice@example.org" in seen
    assert token.row.digest not in seen
    assert token.secret[9:] not in seen
    assert started["user_code"] not in seen
    assert str(browser.session.session_key) not in seen


def test_second_factors_and_sessions_show_no_secret(staff: User, alice: User) -> None:
    other = sign_in(alice)
    listed = sign_in(staff).get("/admin/usersessions/usersession/")
    path = re.findall(r"/admin/usersessions/usersession/\d+/change/", listed.content.decode())[0]
    page = sign_in(staff).get(path).content.decode()
    assert str(other.session.session_key) not in page


@pytest.mark.parametrize(
    "lookup",
    [
        "accounts/user/?password__startswith",
        "accounts/accesstoken/?digest__startswith",
        "accounts/devicelogin/?user_code_digest__startswith",
        "billing/topup/?checkout_url__startswith",
        "mfa/authenticator/?data__startswith",
        "usersessions/usersession/?session_key__startswith",
    ],
)
def test_secret_is_not_guessed_letter_by_letter(staff: User, alice: User, lookup: str) -> None:
    """A list filtered by what a column begins with tells the column in the end."""
    shown = lookup.partition("?")[0]
    assert sign_in(staff).get(f"/admin/{shown}", {"id": alice.pk}).status_code == 200
    assert sign_in(staff).get(f"/admin/{lookup}=a").status_code == 400


def test_staff_change_their_password_as_customers_do(staff: User) -> None:
    browser = sign_in(staff)
    assert browser.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert browser.post("/admin/password_change/", {}).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_not_edited_by_hand(staff: User, alice: User, page: str) -> None:
    new_token(alice)
    browser = sign_in(staff)
    if page != "user":
        assert browser.get(f"/admin/accounts/{page}/add/").status_code == 403
    listed = browser.get(f"/admin/accounts/{page}/").content.decode()
    for path in re.findall(rf"/admin/accounts/{page}/\d+/change/", listed)[:1]:
        assert browser.post(path, {}).status_code == 403
        assert browser.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("account", "alice@example.org"),
        ("accesstoken", "{last_four}"),
        ("accesstoken", "{public_id}"),
        ("auditevent", "{public_id}"),
        ("outboxmail", "alice@example.org"),
    ],
)
def test_rows_are_found(staff: User, alice: User, charlie: User, page: str, query: str) -> None:
    row = new_token(alice).row
    new_token(charlie, name="other")
    text = query.format(last_four=row.last_four, public_id=row.public_id)
    answer = sign_in(staff).get(f"/admin/accounts/{page}/", {"q": text})
    assert answer.context["cl"].result_count == 1


def test_account_is_frozen_and_thawed_with_a_reason(staff: User, alice: User) -> None:
    browser = sign_in(staff)
    assert "at least 5" in act(browser, "account", "freeze", alice.account, reason="x")
    assert act(browser, "account", "freeze", alice.account) == "done"
    account = Account.objects.get(pk=alice.account.pk)
    assert (account.is_frozen, account.frozen_reason) == (True, "ticket 4711")
    assert act(browser, "account", "thaw", alice.account) == "done"
    events = AuditEvent.objects.filter(account=account, user=staff, via="staff")
    assert list(events.order_by("id").values_list("action", flat=True)) == [
        "account.frozen",
        "account.thawed",
    ]


def test_right_of_a_group_is_needed(alice: User) -> None:
    helper = person("hal@example.org", is_staff=True)
    helper.groups.add(Group.objects.get(name="support"))
    browser = sign_in(helper)
    assert act(browser, "account", "freeze", alice.account) == "done"
    assert act(browser, "account", "tighten", alice.account).startswith("refused")
    assert act(browser, "user", "lock", alice).startswith("refused")
    assert User.objects.get(pk=alice.pk).is_active


def test_policy_is_previewed_then_set(staff: User, alice: User) -> None:
    long, short = new_token(alice, days=90).row, new_token(alice, name="s", days=7).row
    browser = sign_in(staff)
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


def test_tokens_are_revoked_for_a_customer(staff: User, alice: User, charlie: User) -> None:
    token, kept = new_token(alice).row, new_token(charlie).row
    browser = sign_in(staff)
    assert act(browser, "accesstoken", "revoke", token) == "done"
    assert list(AccessToken.objects.live()) == [kept]
    assert act(browser, "account", "revoke", charlie.account) == "done"
    event = AuditEvent.objects.filter(action="token.revoked", account=charlie.account).get()
    assert (event.user, event.via, event.facts["why"]) == (staff, "staff", "ticket 4711")


@pytest.mark.parametrize("page", ["account", "user"])
def test_revoking_and_locking_leave_no_login_to_be_fetched(
    client: Client, staff: User, alice: User, page: str
) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    row, action = (alice.account, "revoke") if page == "account" else (alice, "lock")
    assert act(sign_in(staff), page, action, row) == "done"
    User.objects.update(is_active=True)
    assert poll(client, body["device_code"])[1]["error"] == "access_denied"


def test_locked_user_is_out_at_once(staff: User, alice: User) -> None:
    new_token(alice)
    customer = sign_in(alice)
    browser = sign_in(staff)
    assert act(browser, "user", "lock", alice) == "done"
    assert customer.get("/settings/tokens").status_code == 302
    assert not AccessToken.objects.live().exists()
    assert act(browser, "user", "unlock", alice) == "done"
    assert sign_in(alice).get("/settings/tokens").status_code == 200


def test_browser_sessions_of_a_customer_are_ended(staff: User, alice: User) -> None:
    customer = sign_in(alice)
    assert act(sign_in(staff), "user", "end_sessions", alice) == "done"
    assert customer.get("/settings/tokens").status_code == 302


def test_colleague_is_added_to_an_account(staff: User, alice: User) -> None:
    sent = {"email": "New@Example.org", "of": alice.account.public_id}
    browser = sign_in(staff)
    assert "reason" in browser.post(ADD_USER, sent).context["adminform"].form.errors
    answer = browser.post(ADD_USER, {**sent, "reason": "ticket 4711"})
    assert answer.status_code == 302, answer.context["errors"]
    assert AuditEvent.objects.get(action="user.added").facts["reason"] == "ticket 4711"
    added = User.objects.get(email="new@example.org")
    assert (added.account, added.has_usable_password()) == (alice.account, False)
    call_command("send_notices")
    assert "/accounts/password/reset/" in mail.outbox[0].body


def test_mail_is_sent_again(staff: User, alice: User) -> None:
    new_token(alice)
    call_command("send_notices")
    assert act(sign_in(staff), "outboxmail", "send_again", OutboxMail.objects.get()) == "done"
    call_command("send_notices")
    assert len(mail.outbox) == 2
    assert mail.outbox[0].body == mail.outbox[1].body


def test_looking_at_an_account_is_recorded(staff: User, alice: User) -> None:
    sign_in(staff).get(f"/admin/accounts/account/{alice.account.pk}/change/")
    event = AuditEvent.objects.get(action="support.looked")
    assert (event.account, event.user) == (alice.account, staff)


@pytest.mark.parametrize("page", ["accesstoken", "devicelogin", "outboxmail", "user"])
def test_looking_at_a_row_of_a_customer_is_recorded(
    client: Client, staff: User, alice: User, page: str
) -> None:
    approve(start(client)["user_code"], alice)
    new_token(alice)
    row: Model = {
        "accesstoken": AccessToken.objects.get(),
        "devicelogin": DeviceLogin.objects.get(),
        "outboxmail": OutboxMail.objects.get(),
        "user": alice,
    }[page]
    sign_in(staff).get(f"/admin/accounts/{page}/{row.pk}/change/")
    event = AuditEvent.objects.get(action="support.looked")
    assert (event.account, event.user) == (alice.account, staff)
    assert event.facts == {"page": page, "row": str(row.pk)}


def test_superuser_says_who_is_staff_and_it_is_recorded(alice: User, staff: User) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    path = f"/admin/accounts/user/{alice.pk}/change/"
    sent = {"is_active": "on", "is_staff": "on", "groups": [Group.objects.get(name="support").pk]}
    assert sign_in(staff).post(path, sent).status_code == 403
    assert "reason" in boss.post(path, sent).context["adminform"].form.errors
    assert boss.post(path, {**sent, "reason": "hired today"}).status_code == 302
    alice.refresh_from_db()
    assert alice.is_staff
    event = AuditEvent.objects.get(action="user.changed", account=alice.account)
    assert sorted(event.facts["changed"]) == ["groups", "is_staff"]
    assert event.facts["reason"] == "hired today"


def test_address_that_is_taken_is_not_added_again(staff: User, alice: User) -> None:
    sent = {"email": "ALICE@example.org", "reason": "ticket 4711"}
    answer = sign_in(staff).post(ADD_USER, sent)
    assert answer.status_code == 200
    assert User.objects.filter(email="alice@example.org").count() == 1
