"""User codes of RFC 8628 section 6.1: what a person types, and what is stored of it."""

import secrets

from django.utils.crypto import salted_hmac

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no digits: no words, nothing to mix up
LENGTH = 8  # 20^8 codes, 34.5 bits; guesses are limited in accounts/oauth/guesses.py


def new_user_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalize(typed: str) -> str:
    """A code without what people add: dashes of any kind, spaces, line ends, lower case."""
    return "".join(char for char in typed.upper() if char in ALPHABET)


def shown(code: str) -> str:
    """`WDJBMJHT` as `WDJB-MJHT`."""
    return f"{code[:4]}-{code[4:]}"


def digest_user_code(code: str) -> str:
    """What is stored. Keyed, as 34 bits are few enough to try them all against a plain digest."""
    return salted_hmac("accounts.user_code", code, algorithm="sha256").hexdigest()
