"""Keeping a secret in an answer that may be replayed, without being able to read it ourselves.

The key comes from the secret of the token in use and the Idempotency-Key. Neither that secret nor
the key derived from it is stored, so the row alone opens nothing.
"""

import base64
import hashlib
import hmac
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from rest_framework.request import Request

from mobayilo.lib.errors import ProductError


def seal(body: dict[str, Any], *, fields: tuple[str, ...], request: Request) -> dict[str, Any]:
    """The body with some of its members encrypted."""
    box = _box(request)
    return {
        name: box.encrypt(value.encode()).decode() if name in fields else value
        for name, value in body.items()
    }


def unseal(body: dict[str, Any], *, fields: tuple[str, ...], request: Request) -> dict[str, Any]:
    """The body as it was. Raises `idempotency_conflict` for a request with another token."""
    box = _box(request)
    try:
        return {
            name: box.decrypt(value.encode()).decode() if name in fields else value
            for name, value in body.items()
        }
    except InvalidToken:
        raise ProductError(
            "idempotency_conflict", "This Idempotency-Key was used with another token."
        ) from None


def _box(request: Request) -> Fernet:
    secret = request.headers.get("Authorization", "").split()[-1]
    idempotency_key = request.headers.get("Idempotency-Key", "")
    derived = hmac.digest(secret.encode(), idempotency_key.encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
