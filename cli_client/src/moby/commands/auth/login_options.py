"""What the token of a login shall be allowed, from the options of `moby auth login`."""

import re
from typing import TYPE_CHECKING, cast

from cleo.helpers import option

from moby.errors import MobyError
from moby.show.money import read_cents

if TYPE_CHECKING:
    from moby.cli.command import Command

_NAME = re.compile(r"[^\W\d_][^\d+,]*")

OPTIONS = [
    option("name", None, "A name for the token, as the website lists it.", flag=False),
    option("scopes", None, "Ask for these scopes only, comma between.", flag=False, multiple=True),
    option("expires", None, "Let the token end after so many days.", flag=False),
    option("max-per-day", None, "Let it spend at most so many dollars a day.", flag=False),
    option("max-per-call", None, "Let it spend at most so many dollars a call.", flag=False),
    option(
        "allow",
        None,
        "Let it call only there: a country (GB), a prefix (+4420), a number. Repeatable.",
        flag=False,
        multiple=True,
    ),
    option(
        "caller-id",
        None,
        "Let it call only from this phone. Repeatable.",
        flag=False,
        multiple=True,
    ),
]


def read_wishes(command: "Command") -> dict[str, str]:
    """The fields to add to the start of a device login; empty when nothing was asked for."""
    wishes = {
        "token_name": command.text("name"),
        "scope": " ".join(command.texts("scopes")),
        "expires_in_days": _days(command.text("expires")),
        "max_cents_per_day": _cents(command.text("max-per-day"), "--max-per-day"),
        "max_cents_per_call": _cents(command.text("max-per-call"), "--max-per-call"),
        "destinations": ", ".join(_destination(word) for word in _places(command)),
        "caller_ids": " ".join(command.texts("caller-id")),
    }
    return {name: value for name, value in wishes.items() if value}


def _days(text: str | None) -> str | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,3})d?", text, re.ASCII)
    if found is None:
        raise MobyError("usage", f"--expires {text!r} is not a number of days", "For example: 30")
    return found[1]


def _cents(text: str | None, name: str) -> str | None:
    if text is None:
        return None
    cents = read_cents(text, f"an amount for {name}")
    if not cents:
        raise MobyError("bad_amount", f"{name} has to be more than nothing")
    return str(cents)


def _places(command: "Command") -> list[str]:
    """Return the values of --allow, comma between; a country's name may have spaces."""
    given = cast("list[str]", command.option("allow") or [])
    parts = [part.strip() for value in given for part in value.split(",")]
    return [word for part in parts for word in ([part] if _NAME.fullmatch(part) else part.split())]


def _destination(word: str) -> str:
    """Return a prefix, or the name of a country; which one it names, the server knows."""
    if _NAME.fullmatch(word) or re.fullmatch(r"\+[1-9]\d{0,14}", word, re.ASCII):
        return word
    raise MobyError(
        "usage",
        f"--allow {word!r} is no country, prefix or number",
        "For example: --allow GB --allow +4420 --allow +442079460018",
    )
