"""Naming one of the account's own phones."""

import re
from urllib.parse import quote

from moby.api.answers import CallerIds
from moby.api.client import Api
from moby.errors import MobyError


def find_caller_id(api: Api, text: str) -> str:
    """The id for what a person wrote: the id itself, or the phone's number with or without +."""
    if text.startswith("cid_"):
        return quote(text, safe="")
    wanted = _digits(text).lstrip("0")
    items = api.get("caller-ids", CallerIds)["items"]
    found = [c for c in items if len(wanted) >= 6 and _digits(c["e164"]).endswith(wanted)]
    if len(found) == 1:
        return quote(found[0]["id"], safe="")
    raise MobyError(
        "not_found" if not found else "usage",
        f"{text!r} is {'none' if not found else 'more than one'} of your phones",
        "See them with: moby caller-id list",
    )


def read_code(text: str) -> str:
    """A code as a message shows it, in groups or not."""
    code = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{4,10}", code, re.ASCII):
        raise MobyError(
            "usage", f"{text!r} is not a code", "A code is 4 to 10 digits, such as 123456."
        )
    return code


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
