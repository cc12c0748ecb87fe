"""Identifiers as the providers write them."""

import secrets
import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def twilio_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def stripe_id(prefix: str, length: int = 24) -> str:
    return prefix + "_" + "".join(secrets.choice(BASE62) for _ in range(length))


def decimal_code(digits: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(digits))
