"""One key for each thing that costs money or sends a message, however often it is tried."""

import re
import secrets

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
