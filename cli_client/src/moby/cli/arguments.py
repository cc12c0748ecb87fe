"""The words of the command line, put into the order that Cleo understands.

Cleo takes the names of nested commands apart wrongly when an option stands between or before
their words, and takes a negative amount for an option.
"""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from moby.command_names import COMMANDS, GROUPS
from moby.errors import MobyError
from moby.text import clean

if TYPE_CHECKING:
    from cleo.application import Application
    from cleo.exceptions import CleoError

_TAKES_VALUE = ("--host", "--token", "--profile")
_NEGATIVE = re.compile(r"-[$€£]?\.?\d[\d.,eE]*")
# The commands and options whose number is one to call or to call from.
_TAKES_PHONE = (
    *("call", "rates", "caller-id request", "--from", "--caller-id", "--number"),
    *("caller-id default", "caller-id remove", "caller-id register"),
)
# The sentences of Cleo about a command line, and those that moby says instead.
_SENTENCES = (
    ('The command "(.+)" does not exist', "moby has no command {text!r}"),
    ('The option "(-.+)" does not exist', "{command} has no option {text}"),
    ('The option "(.)" does not exist', "{command} has no option -{text}"),
    ('The "(--.+)" option requires a value', "{text} needs a value"),
    ('The "(--.+)" option does not accept a value', "{text} takes no value"),
    (r'Not enough arguments \(missing: "(.+)"\)', "no {listed} was given"),
    ('No arguments expected.*, got "(.*)"', "{command} takes no words; {text!r} is too many"),
    (
        'Too many arguments.*, expected arguments "(.+)"',
        "too many words: {command} takes only {usage}",
    ),
)


def arrange(words: list[str]) -> list[str]:
    """Return the full command name as one word first, then everything else in its order."""
    at = _name_positions(words)
    if at:
        name = " ".join(words[position] for position in at)
        return [name, *(word for position, word in enumerate(words) if position not in at)]
    named = [word for before, word in pairwise(["", *words]) if before not in _TAKES_VALUE]
    if all(word.startswith("-") for word in named) and "--" not in words:
        return ["help", *(word for word in words if word not in ("-h", "--help"))]
    return words


def wants_json(words: list[str]) -> bool:
    return "--json" in _before_the_dashes(words)


def usage_error(error: "CleoError", words: list[str], application: "Application") -> MobyError:
    """Return the error of a command line that cannot be read, with what to type instead."""
    from difflib import get_close_matches

    from moby.help.catalogue import describe, shared_options

    name = " ".join(words[position] for position in _name_positions(words))
    more = f"See: moby {name} --help" if name else "See what there is: moby --help"
    for before, word in pairwise(["", *_before_the_dashes(words)]):
        if _NEGATIVE.fullmatch(word):
            options_of_command = application.get(name).definition.options if name else []
            takes_value = any(
                f"--{o.name}" == before and not o.is_flag() for o in options_of_command
            )
            return _negative(word, before if takes_value else "", name, more)
    # Cleo names similar commands after its question, one on each line.
    sentence, _, similar = str(error).partition("\n\n")
    suggested = ", ".join(f"moby {line.strip()}" for line in similar.splitlines()[1:4])
    message = clean(sentence).rstrip(".")
    unknown = re.fullmatch('The option "--(.+)" does not exist', message)
    if unknown and name:
        options = (*describe(application.get(name)).options, *shared_options(application))
        close = get_close_matches(unknown[1], [option.name for option in options], 1)
        suggested = f"--{close[0]}" if close else suggested
    hint = f"Did you mean: {suggested}" if suggested else more
    return MobyError("usage", _in_our_words(message, f"moby {name}".strip()), hint)


def _in_our_words(sentence: str, command: str) -> str:
    """Return what moby says for a sentence of Cleo; one that is not known keeps its words."""
    for pattern, words in _SENTENCES:
        if match := re.fullmatch(pattern, sentence):
            listed = match[1].replace('" "', " ").replace(", ", " or ")
            return words.format(command=command, text=match[1], listed=listed, usage=listed.upper())
    return sentence[:1].lower() + sentence[1:]


def _negative(number: str, option: str, name: str, more: str) -> MobyError:
    """Return the error of a number below zero, by the option before it or by the command."""
    place = f"{option} " if option else ""
    if (option or name) in _TAKES_PHONE:
        what = f"{place}{number} is not a phone number"
        plain = "+" + "".join(c for c in number if c.isdigit())
        return MobyError("usage", what, f"Write it with +: {place or f'moby {name} '}{plain}")
    if option:
        hint = f"For example: {place}{number.lstrip('-')}"
        return MobyError("bad_amount", f"{place}{number} is below zero", hint)
    if name == "topup":
        what = f"{number} is not an amount: it is below zero"
        return MobyError("bad_amount", what, "For example: moby topup 20")
    return MobyError("bad_amount", f"{number} is below zero", more)


def _before_the_dashes(words: list[str]) -> list[str]:
    """Return the words before `--`, which are those that can be options."""
    return words[: words.index("--")] if "--" in words else words


def _name_positions(words: list[str]) -> list[int]:
    """Return where the words of the command's name are, as in `calls --json list`.

    A word after an option may be its value; one that goes on with the name is taken for the name.
    """
    at: list[int] = []
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        name = " ".join([*(words[earlier] for earlier in at), word])
        if word == "--":
            break
        if word.startswith("-") or before in _TAKES_VALUE:
            continue
        if name in COMMANDS or name in GROUPS:
            at.append(position)
            if name not in GROUPS:
                break
        elif not before.startswith("-"):
            break
    return at
