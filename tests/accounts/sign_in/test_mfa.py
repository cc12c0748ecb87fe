"""Second factors: staff need one, and support takes away one that was lost."""

import pytest
from pytest_django import Settings

from accounts.models import User
from dev.authenticator_app import code_shown
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import set_up_factor
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_staff_with_a_second_factor_come_in(operator: User, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    secret = set_up_factor(operator)
    browser = sign_in(operator)
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert browser.get("/admin/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code_shown(secret)})
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("page", ["account/emailaddress", "mfa/authenticator"])
def test_pages_of_proofs_are_to_look_at(operator: User, alice: User, page: str) -> None:
    boss = sign_in(person("root@example.org", is_staff=True, is_superuser=True))
    set_up_factor(alice)
    shown = boss.get(f"/admin/{page}/")
    assert shown.status_code == 200
    assert shown.context["action_form"] is None
    assert boss.get(f"/admin/{page}/add/").status_code == 403
