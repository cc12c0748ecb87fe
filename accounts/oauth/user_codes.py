"""User codes of RFC 8628 section 6.1, and the limits that make guessing them hopeless.

Failures are counted per user, session and address (section 5.1). Only failures count, so that
people behind one address do not lock each other out, and a success resets nothing.
"""

import logging
import secrets

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.audit import record
from accounts.models import User
from mobayilo.lib.errors import ProductError, wait_in_words
from mobayilo.lib.ratelimits import count, used_up

logger = logging.getLogger(__name__)
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no digits: no words, nothing to mix up
LENGTH = 8  # 20^8 codes, 34.5 bits; guesses are limited
LIMITS = ("wrong-user-codes", "wrong-user-codes-session", "wrong-user-codes-ip")
LIMIT_OF_ALL_USERS = "wrong-user-codes-all"


def new_user_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalize(typed: str) -> str:
    """Return a typed code in capitals, without dashes of any kind, spaces and line ends."""
    return "".join(char for char in typed.upper() if char in ALPHABET)


def shown(code: str) -> str:
    """Return `WDJBMJHT` as `WDJB-MJHT`."""
    return f"{code[:4]}-{code[4:]}"


def digest_user_code(code: str) -> str:
    """Return the digest that is stored.

    It is keyed: 34 bits are few enough to try every code against a plain digest.
    """
    return salted_hmac("accounts.user_code", code, algorithm="sha256").hexdigest()


def refuse_guessers(request: HttpRequest) -> None:
    """Raise `throttled` before a code is looked up, when too many were wrong."""
    wait_seconds = max(used_up(request, name) for name in LIMITS)
    if wait_seconds:
        raise ProductError(
            "throttled",
            f"Too many codes were wrong. Wait {wait_in_words(wait_seconds)}.",
            hint="Start again on the device then, and type the new code.",
            retry_after_seconds=wait_seconds,
        )


def count_wrong_code(request: HttpRequest, user: User) -> None:
    """Count one failure; log and record it when a limit is reached."""
    for name in LIMITS:
        count(request, name)
        if used_up(request, name):
            logger.warning("user codes guessed", extra={"limit": name})
            record("device_login.codes_guessed", account=user.account, user=user, request=request)
    reached_before = used_up(request, LIMIT_OF_ALL_USERS)
    count(request, LIMIT_OF_ALL_USERS)
    if used_up(request, LIMIT_OF_ALL_USERS) and not reached_before:
        logger.error("user codes guessed in bulk")
        record("device_login.codes_guessed_in_bulk", account=None, request=request)
