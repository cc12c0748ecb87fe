"""A command line that cannot be read, told in our own words, with what to type instead."""

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from moby.cli.arguments import named_command, negative_number
from moby.errors import MobyError
from moby.help.catalogue import describe, shared_options
from moby.text import clean

if TYPE_CHECKING:
    from cleo.exceptions import CleoError

    from moby.cli.application import Application


def usage_error(error: "CleoError", words: list[str], application: "Application") -> MobyError:
    name = named_command(words)
    more = f"See: moby {name} --help" if name else "See what there is: moby --help"
    number = negative_number(words)
    if number and name == "topup":
        what = f"{number} is not an amount: it is below zero"
        return MobyError("bad_amount", what, "For example: moby topup 20")
    if number:
        return MobyError("bad_amount", f"{number} is below zero", more)
    message, _, similar = str(error).partition("\n\n")
    meant = _similar_option(message, name, application) or _similar_commands(similar)
    return MobyError("usage", _plain(message), f"Did you mean: {meant}" if meant else more)


def _similar_option(message: str, name: str, application: "Application") -> str:
    unknown = re.fullmatch('The option "--(.+)" does not exist', message)
    if not unknown or not name:
        return ""
    options = (*describe(application.get(name)).options, *shared_options(application))
    close = get_close_matches(unknown[1], [option.name for option in options], 1)
    return f"--{close[0]}" if close else ""


def _similar_commands(text: str) -> str:
    """The best of those that Cleo names, one on each line after its question."""
    return ", ".join(f"moby {name.strip()}" for name in text.splitlines()[1:4])


def _plain(message: str) -> str:
    """Cleo's sentence in the manner of ours: no capital, no full stop."""
    text = clean(message).rstrip(".")
    return text[:1].lower() + text[1:]
