"""Writes what the documentation repeats of the code: `make tables`."""

import re

import django

from dev import api_reference
from dev.stack import ROOT
from mobayilo.lib.errors import ERRORS
from mobayilo.lib.ratelimits import LIMITS


def error_rows() -> str:
    return "".join(
        f"| `{code}` | {kind.status} | {kind.exit_code} | {kind.hint} |\n"
        for code, kind in sorted(ERRORS.items())
    )


def limit_rows() -> str:
    return "".join(
        f"| `{name}` | {limit.rate} | {limit.per} | {limit.when_redis_is_down} |\n"
        for name, limit in sorted(LIMITS.items())
    )


def replace_rows(page: str, heading: str, rows: str) -> None:
    """Puts rows below the table heading of a page, in place of those that stand there."""
    path = ROOT / "docs" / page
    below = re.compile(rf"({re.escape(heading)}\n\|[-|]+\n)((?:\|.*\n)*)")
    path.write_text(below.sub(lambda found: found[1] + rows, path.read_text()))


if __name__ == "__main__":
    replace_rows("errors.md", "| code | HTTP | exit | what to do |", error_rows())
    replace_rows("operations.md", "| limit | rate | per | without Redis |", limit_rows())
    django.setup()
    api_reference.PAGE.write_text(api_reference.page())
