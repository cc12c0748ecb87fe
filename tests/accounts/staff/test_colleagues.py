"""Whom staff may act on: a protection stands at every act, not at one of several."""

import pytest

from accounts.models import AccessToken, Account, AuditEvent, User
from tests.accounts.admin_actions import act
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import set_up_factor
from tests.people import new_token, person, staff

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ACTS = [
    ("user", "lock"), ("user", "unlock"), ("user", "end_sessions"),
    ("user", "remove_second_factor"), ("account", "freeze"), ("account", "thaw"),
    ("account", "revoke"), ("account", "tighten"), ("account", "ask_for_no_key"),
    ("accesstoken", "revoke"),
]  # fmt: skip


def rows_of(user: User) -> dict[str, User | Account | AccessToken]:
    set_up_factor(user)
    return {"user": user, "account": user.account, "accesstoken": new_token(user).row}


@pytest.mark.parametrize(("page", "action"), ACTS)
def test_operator_acts_on_no_colleague_and_no_superuser(
    operator: User, page: str, action: str
) -> None:
    browser = sign_in(operator)
    root = person("root@example.org", is_staff=True, is_superuser=True)
    for colleague in (root, staff("support")):
        rows = rows_of(colleague)
        assert act(browser, page, action, rows[page]).startswith("refused")
        sent = {"action": action, "_selected_action": rows[page].pk, "with_reason": "yes"}
        answer = browser.post(f"/admin/accounts/{page}/", {**sent, "reason": "ticket 4711"})
        assert answer.status_code == 403
        assert "Ask a superuser" in answer.content.decode()
    assert not AuditEvent.objects.filter(via="staff").exclude(action="support.looked").exists()


@pytest.mark.parametrize(("page", "action"), ACTS)
def test_staff_act_on_nothing_of_their_own(operator: User, page: str, action: str) -> None:
    browser, row = sign_in(operator), rows_of(operator)[page]
    sent = {"action": action, "_selected_action": row.pk, "with_reason": "yes"}
    answer = browser.post(f"/admin/accounts/{page}/", {**sent, "reason": "ticket 4711"})
    assert answer.status_code == 403
    assert "Staff do not act for themselves" in answer.content.decode()


def test_staff_open_nothing_and_raise_nothing_for_themselves(operator: User) -> None:
    browser, own = sign_in(operator), operator.account.public_id
    sent = {"account_id": own, "reason": "ticket 4711"}
    for path, fields in (
        ("telephony/openeddestination", {"destination": "DE"}),
        ("telephony/accountlimits", {"spend_max_cents_per_day": "900"}),
        ("accounts/user", {"email": "friend@example.org"}),
    ):
        assert browser.post(f"/admin/{path}/add/", {**sent, **fields}).status_code == 403


def test_superuser_locks_a_colleague(operator: User) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    assert act(boss, "user", "lock", operator) == "done"
    assert not User.objects.get(pk=operator.pk).is_active


def test_rights_of_a_group_are_changed_in_the_code_alone(operator: User) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    group = operator.groups.get()
    assert boss.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
    sent = {"name": "operator", "permissions": []}
    assert boss.post(f"/admin/auth/group/{group.pk}/change/", sent).status_code == 403
    assert boss.get("/admin/auth/group/add/").status_code == 403


def test_lists_and_searches_are_looks(operator: User, alice: User) -> None:
    browser = sign_in(operator)
    browser.get("/admin/accounts/user/?q=alice")
    browser.get("/admin/accounts/account/search/?q=noone+%2B44+20+7946+0018")
    looks = AuditEvent.objects.filter(action="support.looked", user=operator).order_by("id")
    assert [event.facts for event in looks] == [
        {"page": "user", "query": {"q": "alice"}},
        {"page": "search", "query": "noone …0018"},
    ]
