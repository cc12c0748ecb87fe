"""The form of a token, so that a slip of the hand is seen before anything is sent."""

import re
import zlib

from moby.errors import MobyError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"moby_(?:pat|dev)_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")


def checksum(body: str) -> str:
    """CRC32 of the random part in base62, six characters: a typing aid, no security."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(6, "0")


def read_token(text: str) -> str:
    """The token in the text, refused when it cannot be one."""
    token = text.strip()
    found = _FORM.fullmatch(token)
    if found is None:
        raise MobyError(
            "bad_token",
            "that is not a Mobayilo token",
            "A token is one word that begins with moby_pat_ or moby_dev_.",
        )
    if checksum(found[1]) != found[2]:
        raise MobyError(
            "bad_token", "that token holds a typing mistake", "Copy it again, whole, from the page."
        )
    return token


def header_safe(text: str, source: str) -> str:
    """A token from outside that may go into a header; whether it is valid, the server says."""
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise MobyError(
            "bad_token", f"{source} does not hold a token", "It has to be one word, without spaces."
        )
    return token
