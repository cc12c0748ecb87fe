"""The pages of help, the manual and the reference, written from the commands themselves."""

import re
import textwrap
from typing import TYPE_CHECKING

from moby import __version__
from moby.help.catalogue import (
    TOPICS,
    CommandFacts,
    OptionFacts,
    all_commands,
    section_of,
    shared_options,
)
from moby.text import columns

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


def man_page(application: "Application") -> str:
    """moby(1) in the man macros."""
    lines = [
        f'.TH MOBY 1 "" "moby {__version__}" "Mobayilo"',
        ".SH NAME",
        r"moby \- prepaid international calling from a terminal",
        ".SH SYNOPSIS",
        r"\fBmoby\fR \fICOMMAND\fR [\fIOPTIONS\fR]",
    ]
    section = ""
    for command in all_commands(application):
        if section_of(command.name) != section:
            section = section_of(command.name)
            lines.append(f".SH {section.upper()}")
        lines += _man_command(command)
    lines.append(".SH OPTIONS OF EVERY COMMAND")
    lines += _man_options(shared_options(application))
    for name, text in TOPICS.items():
        if name != "options":
            lines += [f".SH {name.upper()}", ".nf", *map(_roff, text.strip().splitlines()), ".fi"]
    return "\n".join(lines) + "\n"


def reference(application: "Application") -> str:
    """The same facts as a page of the documentation."""
    lines = [
        "# Commands of moby",
        "",
        "Every command, as `moby COMMAND --help` prints it. This page is generated from the",
        "commands: `python -m moby.generate`.",
    ]
    section = ""
    for command in all_commands(application):
        if section_of(command.name) != section:
            section = section_of(command.name)
            lines += ["", f"## {section}"]
        lines += ["", *_reference_command(command)]
    lines += ["", "## Options of every command", "", *_option_table(shared_options(application))]
    for name, text in TOPICS.items():
        if name != "options":
            title = name.replace("-", " ").capitalize()
            lines += ["", f"## {title}", "", "```text", text.strip(), "```"]
    return "\n".join(lines) + "\n"


def _man_command(command: CommandFacts) -> list[str]:
    lines = [f'.SS "{_roff(command.usage)}"', _roff(command.description) + "."]
    if command.help:
        lines += [".PP", ".nf", *map(_roff, command.help.strip("\n").splitlines()), ".fi"]
    for name, description in command.arguments:
        lines += [".TP", rf"\fI{_roff(name.upper())}\fR", _roff(description)]
    return lines + _man_options(command.options)


def _man_options(options: tuple[OptionFacts, ...]) -> list[str]:
    lines: list[str] = []
    for option in options:
        lines += [".TP", rf"\fB{_roff(option.usage)}\fR", _roff(option.description)]
    return lines


def _roff(text: str) -> str:
    """Text as roff takes it: plain hyphens, ASCII only, no line that begins as a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    plain = plain.replace("…", "...").replace("–", "\\[en]")
    return "\\&" + plain if plain[:1] in (".", "'") else plain


def _reference_command(command: CommandFacts) -> list[str]:
    lines = [f"### moby {command.name}", "", f"{command.description}.", ""]
    lines += ["```text", command.usage, "```"]
    if command.help:
        lines += ["", "```text", command.help.strip("\n"), "```"]
    if command.arguments:
        lines += ["", "| argument | |", "|---|---|"]
        lines += [f"| `{name.upper()}` | {_cell(text)} |" for name, text in command.arguments]
    if command.options:
        lines += ["", *_option_table(command.options)]
    return lines


def _option_table(options: tuple[OptionFacts, ...]) -> list[str]:
    rows = [f"| `{option.usage}` | {_cell(option.description)} |" for option in options]
    return ["| option | |", "|---|---|", *rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
