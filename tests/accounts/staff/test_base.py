"""Pages of rows: to look at, searched without a way to a secret, each look recorded."""

import re

import pytest
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client

from accounts.models import AccessToken, AuditEvent, DeviceLogin, OutboxMail, User
from tests.accounts.admin_actions import PAGES, act
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import approve, start
from tests.people import new_token, person

pytestmark = [pytest.mark.django_db, pytest.mark.db]


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
def test_secret_is_not_guessed_letter_by_letter(operator: User, alice: User, lookup: str) -> None:
    """Filters by the beginning of a column would reveal the column, letter by letter."""
    shown = lookup.partition("?")[0]
    assert sign_in(operator).get(f"/admin/{shown}", {"id": alice.pk}).status_code == 200
    assert sign_in(operator).get(f"/admin/{lookup}=a").status_code == 400


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_not_edited_by_hand(operator: User, alice: User, page: str) -> None:
    new_token(alice)
    browser = sign_in(operator)
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
def test_rows_are_found(operator: User, alice: User, charlie: User, page: str, query: str) -> None:
    row = new_token(alice).row
    new_token(charlie, name="other")
    text = query.format(last_four=row.last_four, public_id=row.public_id)
    answer = sign_in(operator).get(f"/admin/accounts/{page}/", {"q": text})
    assert answer.context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("page", "heading"),
    [("accounts/pendingact", "Acts to confirm"), ("accounts/auditevent", "Audit events")],
)
def test_heading_of_a_list_names_its_rows(operator: User, page: str, heading: str) -> None:
    shown = sign_in(operator).get(f"/admin/{page}/").text
    assert f"<h1>{heading}</h1>" in shown


def test_right_of_a_group_is_needed(alice: User) -> None:
    helper = person("hal@example.org", is_staff=True)
    helper.groups.add(Group.objects.get(name="support"))
    browser = sign_in(helper)
    assert act(browser, "account", "freeze", alice.account) == "done"
    assert act(browser, "account", "tighten", alice.account).startswith("refused")
    assert act(browser, "user", "lock", alice).startswith("refused")
    assert User.objects.get(pk=alice.pk).is_active


def test_looking_at_an_account_is_recorded(operator: User, alice: User) -> None:
    sign_in(operator).get(f"/admin/accounts/account/{alice.account.pk}/change/")
    event = AuditEvent.objects.get(action="support.looked")
    assert (event.account, event.user) == (alice.account, operator)


@pytest.mark.parametrize("page", ["accesstoken", "devicelogin", "outboxmail", "user"])
def test_looking_at_a_row_of_a_customer_is_recorded(
    client: Client, operator: User, alice: User, page: str
) -> None:
    approve(start(client)["user_code"], alice)
    new_token(alice)
    row: Model = {
        "accesstoken": AccessToken.objects.get(),
        "devicelogin": DeviceLogin.objects.get(),
        "outboxmail": OutboxMail.objects.get(),
        "user": alice,
    }[page]
    sign_in(operator).get(f"/admin/accounts/{page}/{row.pk}/change/")
    event = AuditEvent.objects.get(action="support.looked")
    assert (event.account, event.user) == (alice.account, operator)
    assert event.facts == {"page": page, "row": str(row.pk)}
