"""Token secrets: how one is made, recognised and reduced to a digest."""

import hashlib
import re
import zlib

from mobayilo.lib.ids import BASE62, random_base62

BODY_LENGTH = 30  # 178 bits
CHECKSUM_LENGTH = 6
_SHAPE = re.compile(r"moby_(pat|dev)_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")


def checksum(body: str) -> str:
    """Return the CRC32 of the random part in base62, left-padded with 0 to six characters.

    It is a filter for typos and secret scanners, never a security check.
    """
    value = zlib.crc32(body.encode("ascii"))
    digits = ""
    while value:
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(CHECKSUM_LENGTH, "0")


def new_secret(kind: str) -> str:
    """Return a new token such as `moby_pat_…`; `kind` is `pat` or `dev`."""
    body = random_base62(BODY_LENGTH)
    return f"moby_{kind}_{body}{checksum(body)}"


def looks_like_token(text: str) -> bool:
    """Return whether shape and checksum are right, without a query."""
    match = _SHAPE.fullmatch(text)
    return match is not None and checksum(match[2]) == match[3]


def digest(secret: str) -> str:
    """Return the digest that is stored.

    It has no salt: the input has 178 random bits, and a look-up is one equality.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


_TOKEN_IN_TEXT = re.compile(r"moby_(pat|dev)_[0-9A-Za-z]+")


def hide_tokens_in(text: str) -> str:
    """Return a text with each token in it cut to its kind."""
    return _TOKEN_IN_TEXT.sub(r"moby_\1_…", text)


def hide_tokens(value: object) -> object:
    """Return JSON-like data with each token in it cut to its kind."""
    if isinstance(value, str):
        return hide_tokens_in(value)
    if isinstance(value, dict):
        return {key: hide_tokens(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_tokens(item) for item in value]
    return value
