"""allauth's pages wear our design."""

from importlib.resources import files
from pathlib import Path

import pytest
from django.template import Engine
from django.test import Client

from accounts.models import User
from tests.people import PASSWORD

# Pages of ways to sign in that no setting of ours opens.
CLOSED = {
    "account/confirm_email_verification_code.html",
    "account/confirm_login_code.html",
    "account/confirm_password_reset_code.html",
    "account/confirm_phone_verification_code.html",
    "account/email.html",
    "account/phone_change.html",
    "account/request_login_code.html",
    "account/signup_by_passkey.html",
    "account/signup_closed.html",
    "mfa/trust.html",
    "mfa/webauthn/signup_form.html",
}
THEIRS = Path(str(files("allauth") / "templates"))
PAGES = sorted(
    name
    for room in ("account", "mfa", "usersessions")
    for path in (THEIRS / room).rglob("*.html")
    if not path.name.startswith("base") and path.parent.name not in ("email", "snippets")
    if (name := path.relative_to(THEIRS).as_posix()) not in CLOSED
)


@pytest.mark.parametrize("name", PAGES)
def test_page_of_allauth_is_in_our_design(name: str) -> None:
    assert not Path(Engine.get_default().get_template(name).origin.name).is_relative_to(THEIRS)


def test_page_of_the_second_factor_asks_those_without_keys_for_a_code(
    client: Client, alice: User, seed: str
) -> None:
    page = client.post(
        "/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True
    ).content.decode()
    assert "<h1>Second factor</h1>" in page
    assert "Use a passkey or security key" not in page
    assert 'class="foot"' in page
