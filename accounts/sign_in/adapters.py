"""Our side of allauth: its redirects, its mails, and the secrets of second factors."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.mail import RESET, fresh_links, send_at_once
from accounts.models import User
from mobayilo.lib.client_ip import client_ip

# The facts that a mail may state. Its links are made when it is sent and never stored.
FACTS = ("ip", "user_agent", "from_email", "to_email", "deleted_email")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's defaults, except that a new password leads to the tokens and mails are queued."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This email address and password do not go together."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Return the page after an address is confirmed: to set a password if the user has none.

        A second sign-up with an unconfirmed address makes the password of the first unusable.
        """
        user = email_address.user
        if user.has_usable_password():
            url: str = super().get_email_verification_redirect_url(email_address)
            return url
        return str(fresh_links(RESET, user=user, email=email_address.email)["password_reset_url"])

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:tokens-review")

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        with_user = {**(context or {}), "user": user}
        super().send_notification_mail(template_prefix, user, with_user, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send through the outbox, so that support can see the mail.

        Mail to an address without a user is sent by allauth directly.
        """
        user = context.get("user")
        if user is None:
            addresses = EmailAddress.objects.filter(email__iexact=email).select_related("user")
            address = addresses.first()
            if address is None:
                super().send_mail(template_prefix, email, context)
                return
            user = address.user
        facts = {name: context[name] for name in FACTS if name in context}
        send_at_once(user, template=template_prefix, context={**facts, "email": email})


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """TOTP seeds and recovery codes, stored encrypted under SECRET_KEY.

    SECRET_KEY_FALLBACKS decrypt too, so that the key can be replaced.
    """

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "This code is not right. Type the one that the app shows now; if that is refused too, "
            "have the phone set its clock by itself."
        ),
        "incorrect_key": _("This key was not accepted. Please try again, or use another way."),
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Return the error of a factor; a refused key gets its own, not that of a wrong code."""
        is_key = code == "incorrect_code" and "credential" in self.request.POST
        error: ValidationError = super().validation_error(
            "incorrect_key" if is_key else code, *args
        )
        return error

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count: int = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Key %d") % (count + 1)


def _box() -> MultiFernet:
    # The name is part of the key: with another, no stored secret could be decrypted.
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"accounts.sign_in.mfa:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
