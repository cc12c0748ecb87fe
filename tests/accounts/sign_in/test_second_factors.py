"""Signing in with a second factor: a lost phone, clocks that differ, sessions of before."""

import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.mail import message
from accounts.models import OutboxMail, User
from dev.authenticator_app import code_shown
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import add_app, set_up_factor

pytestmark = pytest.mark.django_db

ASKED = "/accounts/2fa/authenticate/"
NOON = "2026-11-24T12:00:15Z"


def recovery_codes(user: User) -> list[str]:
    kept = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return list(kept.wrap().get_unused_codes())


def test_question_for_a_code_has_the_focus_and_a_way_for_a_lost_phone(alice: User) -> None:
    set_up_factor(alice)
    page = sign_in(alice).get(ASKED).content.decode()
    assert [tag for tag in re.findall(r"<input[^>]*autofocus[^>]*>", page) if 'name="code"' in tag]
    assert "Lost your phone or key?" in page
    assert "Type one of your recovery codes above" in page


def test_lost_phone_is_no_dead_end_and_a_mail_says_so(alice: User) -> None:
    set_up_factor(alice)
    first, second, *rest = recovery_codes(alice)
    for code, left in ((first, 9), (second, 8)):
        client = sign_in(alice)
        page = client.post(ASKED, {"code": code}, follow=True).content.decode()
        assert f"You used a recovery code. {left} are left" in page
        assert f"{left} codes are left" in client.get("/accounts/2fa/").content.decode()
    used = OutboxMail.objects.filter(user=alice, template="accounts/mail/recovery_code_used")
    assert [mail.context["left"] for mail in used.order_by("pk")] == [9, 8]
    where = r"When: \d+ \w{3} \d{4}, \d\d:\d\d UTC\nBrowser: unknown\nAddress: 127.0.0.1\n"
    assert re.search(where + "Recovery codes left: 9\n\n", str(message(used.earliest("pk")).body))
    assert not any(code in str(mail.context) for mail in used for code in (first, second))
    assert recovery_codes(alice) == rest


def test_recovery_code_works_once(alice: User) -> None:
    set_up_factor(alice)
    code = recovery_codes(alice)[0]
    assert sign_in(alice).post(ASKED, {"code": code}).status_code == 302
    again = sign_in(alice).post(ASKED, {"code": code})
    assert again.status_code == 200
    assert "This code is not right" in again.content.decode()


@pytest.mark.parametrize(("off_seconds", "is_taken"), [(-30, True), (30, True), (-90, False)])
def test_clock_of_the_phone_may_be_off_by_half_a_minute(
    alice: User, off_seconds: int, is_taken: bool
) -> None:
    secret = set_up_factor(alice)
    with time_machine.travel(NOON, tick=False) as clock:
        clock.shift(off_seconds)
        code = code_shown(secret)
        clock.shift(-off_seconds)
        answer = sign_in(alice).post(ASKED, {"code": code})
    assert (answer.status_code == 302) == is_taken


@pytest.mark.django_db(transaction=True)  # allauth says so on commit
def test_new_second_factor_signs_other_browsers_out(alice: User) -> None:
    other, here = sign_in(alice), sign_in(alice)
    for browser in (other, here):
        assert browser.get("/home").status_code == 200
    add_app(here)
    assert here.get("/home").status_code == 200
    assert other.get("/home").status_code == 302


def test_new_recovery_codes_leave_other_browsers_signed_in(alice: User) -> None:
    set_up_factor(alice)
    other, here = Client(), Client()
    for browser in (other, here):
        sign_in(alice, browser)
        browser.post(ASKED, {"code": recovery_codes(alice)[0]})
        browser.get("/home")
    here.post("/accounts/2fa/recovery-codes/generate/", {})
    assert other.get("/home").status_code == 200


def test_wrong_code_says_what_can_be_the_matter(alice: User) -> None:
    set_up_factor(alice)
    page = sign_in(alice).post(ASKED, {"code": "000000"}).content.decode()
    assert "<title>Error: " in page
    assert "set its clock by itself" in page
