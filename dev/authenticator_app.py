"""The codes of an authenticator app (RFC 6238), one for each half minute."""

import base64
import hmac
import time

PERIOD_SECONDS = 30
# A code that is about to change would be the former one by the time it is typed.
LEAST_LEFT_SECONDS = 8


def code_shown(secret: str) -> str:
    """Return the code of this half minute, or of the next when this one is nearly over."""
    left = PERIOD_SECONDS - time.time() % PERIOD_SECONDS
    if left < LEAST_LEFT_SECONDS:
        time.sleep(left)
    counter = (int(time.time()) // PERIOD_SECONDS).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
