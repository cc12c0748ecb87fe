"""Sign-ins and second factors as owners see them, and sessions that a new factor ends."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from pytest_django import Settings
from time_machine import travel

from accounts.models import AuditEvent, User
from dev.authenticator_app import code_shown
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import add_app, set_up_factor

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_admin_asks_the_session_for_a_factor_and_not_the_user(
    operator: User, settings: Settings
) -> None:
    """A session from before the factor, or one that came in without it, stays outside."""
    settings.STAFF_MFA_REQUIRED = True
    old = sign_in(operator)
    secret = set_up_factor(operator)
    assert old.get("/admin/").status_code == 302
    asked = old.get("/admin/login/?next=/admin/")["Location"]
    assert asked == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
    assert old.post(asked, {"code": code_shown(secret)})["Location"] == "/admin/"
    assert old.get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_browser_that_adds_the_factor_enters_the_admin(operator: User, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    browser = sign_in(operator)
    add_app(browser)
    assert browser.get("/admin/").status_code == 200


def test_sign_ins_and_failed_ones_are_in_the_log(alice: User) -> None:
    Client().post("/accounts/login/", {"login": "Alice@example.org", "password": "wrong"})
    sign_in(alice)
    failed, done = AuditEvent.objects.order_by("id")
    assert (failed.action, failed.user) == ("user.sign_in_failed", alice)
    assert (done.action, done.facts) == ("user.signed_in", {"by": ["password"]})


@pytest.mark.django_db(transaction=True)
def test_second_factor_and_recovery_codes_are_in_the_log(alice: User) -> None:
    browser = sign_in(alice)
    add_app(browser)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    later = sign_in(alice)
    later.post("/accounts/2fa/authenticate/", {"code": "000000"})
    later.post("/accounts/2fa/authenticate/", {"code": code})
    browser.post("/accounts/2fa/totp/deactivate/")
    assert actions() == [
        "user.signed_in", "second_factor.added", "recovery_codes.made", "second_factor.refused",
        "recovery_codes.used", "user.signed_in", "second_factor.removed",
    ]  # fmt: skip
    assert AuditEvent.objects.get(action="recovery_codes.used").facts == {"left": 9}


@pytest.mark.parametrize("seconds", [-29, 29])
def test_clock_of_a_phone_may_be_half_a_minute_off(alice: User, seconds: int) -> None:
    secret = set_up_factor(alice)
    with travel(1_800_000_015 + seconds, tick=False):
        code = code_shown(secret)
    with travel(1_800_000_015, tick=False):
        browser = sign_in(alice)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert browser.get("/home").status_code == 200


def test_code_is_accepted_once_for_as_long_as_it_is_valid(alice: User) -> None:
    secret = set_up_factor(alice)
    with travel(1_800_000_000, tick=False):
        code = code_shown(secret)
        sign_in(alice).post("/accounts/2fa/authenticate/", {"code": code})
    with travel(1_800_000_055, tick=False):
        thief = sign_in(alice)
        thief.post("/accounts/2fa/authenticate/", {"code": code})
        assert thief.get("/home").status_code == 302
