"""Second factors: their secrets are encrypted at rest, and keys are spoken of as keys."""

import base64
import hashlib
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """TOTP seeds and recovery codes as they are stored: encrypted under SECRET_KEY.

    SECRET_KEY_FALLBACKS decrypt too, so that the key can be replaced.
    """

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_key": _("This key was not accepted. Please try again, or use another way."),
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """allauth calls a refused key an incorrect code, too."""
        is_key = code == "incorrect_code" and "credential" in self.request.POST
        error: ValidationError = super().validation_error(
            "incorrect_key" if is_key else code, *args
        )
        return error

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count: int = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Key %d") % (count + 1)


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"accounts.sign_in.mfa:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
