"""Amounts of US dollars as people type them, and as moby shows them."""

import re
from decimal import Decimal

from moby.errors import MobyError

_AMOUNT = re.compile(r"\$?(\d{1,7})(?:\.(\d{1,2}))?", re.ASCII)


_EXAMPLE = "Write US dollars with a point: 20 or 20.00"


def read_cents(text: str, what: str = "an amount", example: str = _EXAMPLE) -> int:
    """20, 20.5, 20.00 or $20 in cents; commas, letters and signs are refused, never guessed at."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise MobyError("bad_amount", f"{text!r} is not {what}: {_why(text)}", example)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def _why(text: str) -> str:
    if "," in text:
        return "a comma may mean cents or thousands, so it is not accepted"
    if re.match(r"-[$€£]?\.?\d", text.strip()):
        return "it is below zero"
    if re.fullmatch(r"\$?\d+\.\d{3,}", text.strip()):
        return "it has more than two decimals"
    if re.fullmatch(r"\$?\d{8,}(\.\d+)?", text.strip()):
        return "it is too large"
    return "it is not a plain number"


def dollars(text: str) -> str:
    """An exact decimal string with its sign: $20.00, -$0.045."""
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def cents_as_dollars(cents: int) -> str:
    return dollars(f"{Decimal(cents) / 100:.2f}")
