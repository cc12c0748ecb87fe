"""Second factors: staff need one, and support takes away one that was lost."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent, User
from dev.authenticator_app import code_shown
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import set_up_factor
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.db]
USERS = "/admin/accounts/user/"


@pytest.fixture
def operator(db: None) -> User:
    user = person("sam@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    return user


def remove(browser: Client, user: User) -> int:
    sent = {"action": "remove_second_factor", "_selected_action": user.pk, "with_reason": "yes"}
    return browser.post(USERS, {**sent, "reason": "knows the last call"}).status_code


def test_staff_with_a_second_factor_come_in(operator: User, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    secret = set_up_factor(operator)
    browser = sign_in(operator)
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code_shown(secret)})
    assert browser.get("/admin/").status_code == 200


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


@pytest.mark.parametrize("page", ["account/emailaddress", "mfa/authenticator"])
def test_pages_of_proofs_are_to_look_at(operator: User, alice: User, page: str) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    set_up_factor(alice)
    shown = boss.get(f"/admin/{page}/")
    assert shown.status_code == 200
    assert shown.context["action_form"] is None
    assert boss.get(f"/admin/{page}/add/").status_code == 403
