"""Second factors: their secrets are encrypted at rest."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


class EncryptingMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """TOTP seeds and recovery codes as they are stored: encrypted under SECRET_KEY.

    SECRET_KEY_FALLBACKS decrypt too, so that the key can be replaced.
    """

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"accounts.mfa:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
