"""The text of moby help, set to the width of the terminal."""

import re
import textwrap
from typing import TYPE_CHECKING

from moby import __version__
from moby.help.catalogue import CommandFacts, all_commands, section_of
from moby.help.topics import TOPICS
from moby.show.columns import columns

if TYPE_CHECKING:
    from cleo.application import Application


def overview(application: "Application", width: int) -> str:
    lines = [f"moby {__version__}: prepaid international calling from a terminal", ""]
    section = ""
    commands = list(all_commands(application))
    widest = max(len(c.name) for c in commands)
    for command in commands:
        if section_of(command.name) != section:
            lines += [""] if section else []
            section = section_of(command.name)
            lines.append(section)
        lines += columns([(command.name, command.description)], width, widest)
    topics = ", ".join(TOPICS)
    lines += ["", "Begin with: moby auth login", "More: moby COMMAND --help"]
    lines += textwrap.wrap(f"Topics: moby help {topics}", width, subsequent_indent="  ")
    return "\n".join(lines)


def command_page(command: CommandFacts, width: int) -> str:
    lines = textwrap.wrap(command.description + ".", width)
    lines += ["", *_wrapped_usage(command.usage, width)]
    if command.help:
        lines += ["", *plain_help(command.help, width)]
    if command.arguments:
        lines += ["", "Arguments", *columns(command.arguments, width)]
    if command.options:
        rows = [(o.usage, o.description) for o in command.options]
        lines += ["", "Options", *columns(rows, width)]
    shared = "Options of every command: moby help options"
    lines += ["", *textwrap.wrap(shared, width, subsequent_indent="  ")]
    return "\n".join(lines)


def plain_help(text: str, width: int) -> list[str]:
    """Paragraphs are set anew; indented lines, which are examples, stay as they are."""
    lines: list[str] = []
    for paragraph in text.strip("\n").split("\n\n"):
        lines += [""] if lines else []
        if paragraph.startswith("  "):
            lines += paragraph.splitlines()
        else:
            lines += textwrap.wrap(paragraph, width)
    return lines


def topic_page(text: str, width: int) -> str:
    """A topic: its tables in two columns, everything else as in the help of a command."""
    lines: list[str] = []
    for paragraph in text.strip("\n").split("\n\n"):
        lines += [""] if lines else []
        parts = [re.split(" {2,}", line.strip(), maxsplit=1) for line in paragraph.splitlines()]
        if paragraph.startswith("  ") and any(len(part) == 2 for part in parts):
            lines += columns([(*part, "")[:2] for part in parts], width)
        else:
            lines += plain_help(paragraph, width)
    return "\n".join(lines)


def _wrapped_usage(usage: str, width: int) -> list[str]:
    return textwrap.wrap(f"Usage: {usage}", width, subsequent_indent="    ")
