"""The links in mails about signing in, made when a mail is sent and stored nowhere.

A mail that support sends again, or that failed and is tried again, has a fresh link. It goes out
only while its address still belongs to the user: an old one may be somebody else's by now.
"""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import User

CONFIRMATIONS = {"account/email/email_confirmation", "account/email/email_confirmation_signup"}
RESET = "account/email/password_reset_key"
ALREADY_EXISTS = "account/email/account_already_exists"


def fresh_links(template: str, *, user: User, email: str) -> dict[str, Any]:
    """What the template of a mail needs and its row does not hold.

    Raises `EmailAddress.DoesNotExist` where the address is the user's no more.
    """
    if template in CONFIRMATIONS:
        key = EmailConfirmationHMAC.create(_address(user, email)).key
        return {"activate_url": _url("account_confirm_email", key=key)}
    if template == RESET:
        _address(user, email)
        key, uid = default_token_generator.make_token(user), user_pk_to_url_str(user)
        url = _url("account_reset_password_from_key", uidb36=uid, key=key)
        return {"password_reset_url": url}
    if template == ALREADY_EXISTS:
        return {"password_reset_url": _url("account_reset_password")}
    return {}


def _address(user: User, email: str) -> EmailAddress:
    return EmailAddress.objects.get(user=user, email__iexact=email)


def _url(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=parts)}"
