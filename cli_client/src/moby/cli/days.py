"""Days as people name them in filters."""

import re
from datetime import date

from moby.context import Context
from moby.errors import MobyError
from moby.show.instants import from_now


def read_day(option: str, text: str | None, context: Context) -> str | None:
    """2026-11-01 as it is, 7d as the day a week ago."""
    if text is None or _is_date(text):
        return text
    days = re.fullmatch(r"(\d{1,4})d", text, re.ASCII)
    if days is None:
        raise MobyError(
            "usage", f"--{option} {text!r} is not a day", "Write 2026-11-01, or 7d for a week."
        )
    return from_now(-86_400 * int(days[1]), context.clock.now())[:10]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
