"""One key for each thing that costs money or sends a message, however often it is tried."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from cleo.helpers import option

from moby.errors import MobyError

OPTION = option(
    "idempotency-key", None, "Use this key, so that a second run does nothing twice.", flag=False
)


def read_key(given: str | None) -> str:
    if given is None:
        return f"moby-{secrets.token_hex(12)}"
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", given):
        raise MobyError(
            "usage", "--idempotency-key holds a space or is too long", "Use up to 255 characters."
        )
    return given


@contextmanager
def repeatable(key: str) -> Iterator[None]:
    """When no answer came, what was asked may have happened: say how to ask again safely."""
    try:
        yield
    except MobyError as error:
        if error.retryable:
            error.hint = f"{error.hint}\nTo repeat it safely, add: --idempotency-key {key}".strip()
        raise
