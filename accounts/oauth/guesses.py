"""Guessing user codes is made hopeless: failures are counted per user, session and address.

RFC 8628 section 5.1. Only failures count, so that people behind one address do not lock each other
out, and a success resets nothing.
"""

import logging

from django.http import HttpRequest

from accounts.audit import record
from accounts.models import User
from mobayilo.lib.errors import ProductError, wait_in_words
from mobayilo.lib.ratelimits import count, used_up

logger = logging.getLogger(__name__)
COUNTED = ("wrong-user-codes", "wrong-user-codes-session", "wrong-user-codes-ip")
EVERYBODY = "wrong-user-codes-all"


def refuse_guessers(request: HttpRequest) -> None:
    """Raises `throttled` before a code is looked up, when too many were wrong."""
    wait_seconds = max(used_up(request, name) for name in COUNTED)
    if wait_seconds:
        raise ProductError(
            "throttled",
            f"Too many codes were wrong. Wait {wait_in_words(wait_seconds)}.",
            hint="Start again on the device then, and type the new code.",
            retry_after_seconds=wait_seconds,
        )


def count_wrong_code(request: HttpRequest, user: User) -> None:
    """Counts one failure, and raises the alarm when a limit is reached."""
    for name in COUNTED:
        count(request, name)
        if used_up(request, name):
            logger.warning("user codes guessed", extra={"limit": name})
            record("device_login.codes_guessed", account=user.account, user=user, request=request)
    reached_before = used_up(request, EVERYBODY)
    count(request, EVERYBODY)
    if used_up(request, EVERYBODY) and not reached_before:
        logger.error("user codes guessed in bulk")
        record("device_login.codes_guessed_in_bulk", account=None, request=request)
