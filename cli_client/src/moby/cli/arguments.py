"""The words of the command line, put into the order that Cleo understands.

Cleo takes the names of nested commands apart wrongly when an option stands between or before
their words, and takes a negative amount for an option.
"""

import re

from moby.command_names import COMMANDS, GROUPS

_TAKES_VALUE = ("--host", "--token", "--profile")
_NEGATIVE = re.compile(r"-[$€£]?\.?\d[\d.,eE]*")


def arrange(words: list[str]) -> list[str]:
    """The full command name as one word first, then everything else in its order."""
    before, rest = _leading_options(words)
    if not rest:
        return ["help", *(word for word in before if word not in ("-h", "--help"))]
    name = _command_name(rest)
    if not name:
        return words
    return [name, *before, *rest[len(name.split(" ")) :]]


def named_command(words: list[str]) -> str:
    """The command or group that the words name, or an empty string."""
    return _command_name(_leading_options(words)[1])


def negative_number(words: list[str]) -> str | None:
    """The first word that is a negative number and would be taken for an option."""
    plain = words[: words.index("--")] if "--" in words else words
    return next((word for word in plain if _NEGATIVE.fullmatch(word)), None)


def wants_json(words: list[str]) -> bool:
    plain = words[: words.index("--")] if "--" in words else words
    return "--json" in plain


def _leading_options(words: list[str]) -> tuple[list[str], list[str]]:
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "--":
        position += 2 if words[position] in _TAKES_VALUE else 1
    return words[:position], words[position:]


def _command_name(words: list[str]) -> str:
    """The longest run of leading words that names a command or a group."""
    for length in (3, 2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and (name in COMMANDS or name in GROUPS):
            return name
    return ""
