"""Hashes of passwords, the work that takes the time of a sign-in or a sign-up."""

from collections import Counter

from django.contrib.auth.hashers import MD5PasswordHasher
from pytest_django import Settings

_HASHED: Counter[str] = Counter()


class CountingHasher(MD5PasswordHasher):
    """A hasher that counts its hashes."""

    def encode(self, password: str, salt: str) -> str:
        _HASHED["md5"] += 1
        return super().encode(password, salt)


def count_hashes(settings: Settings) -> Counter[str]:
    """Count from now on; the counter goes on changing."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    _HASHED.clear()
    return _HASHED
