"""Public ids: prefixed and unguessable."""

import secrets
import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def random_base62(length: int) -> str:
    """Return `length` characters of 0-9A-Za-z from the operating system's generator."""
    value = secrets.randbelow(62**length)
    characters = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        characters.append(BASE62[digit])
    return "".join(characters)


def new_public_id(prefix: str) -> str:
    """Return an id such as `call_4Xb…`: prefix, underscore, 20 base62 characters (119 bits)."""
    return f"{prefix}_{random_base62(20)}"
