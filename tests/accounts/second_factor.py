"""A second factor, set up as a person does it."""

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User
from dev.authenticator_app import code_shown
from tests.people import PASSWORD


def set_up_factor(user: User) -> str:
    """An authenticator app and recovery codes; the app's secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def add_app(browser: Client) -> str:
    """Set an authenticator app up on its page; the app's secret."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.get("/accounts/2fa/totp/activate/")
    secret = str(browser.session["mfa.totp.secret"])
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": code_shown(secret)})
    assert answer.status_code == 302, answer.content
    return secret
