"""Help in its three formats: for a terminal, as the manual page, and as the reference of the guide.

`write_command` and `write_everything` decide what is in a page; a format only decides how it looks.
"""

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from moby.help.catalogue import TOPICS, CommandFacts, sections, shared_options
from moby.text import columns

if TYPE_CHECKING:
    from cleo.application import Application

_DESCRIPTION = """
moby calls phones in any country from a terminal. Your own phone rings first, then the other one,
and both are connected. Each call is paid from a balance that you top up, at a price that is shown
before it rings. Sign in once with a browser; moby keeps a token for this device, which you can
revoke at any time.
"""
_FILES = (
    ("~/.config/moby/agent.json", "Where the agent listens, and the secret of its run."),
    ("~/.config/moby/config.json", "Profiles, sign-ins and settings, without secrets."),
    ("~/.config/moby/credentials.json", "Tokens, only where you chose it in place of a keyring."),
    ("~/.config/moby/pending-login.json", "A sign-in that waits for its approval."),
)
_EXAMPLES = """
moby auth login
moby caller-id request 07400123456 --country GB
moby caller-id confirm 123456
moby topup 20 --open
moby rates Ghana
moby call "020 7946 0018" --country GB
moby calls list --since 7d
"""
Rows = Sequence[tuple[str, str]]


class Format(Protocol):
    def heading(self, title: str) -> None: ...
    def command(self, command: CommandFacts) -> None: ...
    def prose(self, text: str) -> None: ...
    def table(self, title: str, rows: Rows) -> None: ...
    def topic(self, name: str, text: str) -> None: ...
    def examples(self, lines: Sequence[str]) -> None: ...


def write_command(page: Format, command: CommandFacts) -> None:
    page.command(command)
    if command.help:
        page.prose(command.help)
    if command.arguments:
        page.table("Arguments", command.arguments)
    if command.options:
        page.table("Options", [(o.usage, o.description) for o in command.options])
    if command.examples:
        page.examples(command.examples)


def write_everything(page: Format, application: "Application") -> None:
    for title, commands in sections(application).items():
        page.heading(title)
        for command in commands:
            write_command(page, command)
    page.heading("Options of every command")
    page.table("Options", [(o.usage, o.description) for o in shared_options(application)])
    for name, text in TOPICS.items():
        if name != "options":
            page.topic(name, text)


def overview(application: "Application", width: int) -> str:
    page = TerminalPage(width)
    page.lines.append(f"moby {application.version}: prepaid international calling from a terminal")
    commands = sections(application)
    widest = max(len(command.name) for group in commands.values() for command in group)
    for title, group in commands.items():
        page.heading(title)
        page.lines += columns([(c.name, c.description) for c in group], width, widest)
    page.lines += ["", "Begin with: moby auth login", "More: moby COMMAND --help"]
    topics = f"Topics: moby help {', '.join(TOPICS)}"
    page.lines += textwrap.wrap(topics, width, subsequent_indent="  ")
    return "\n".join(page.lines)


def command_page(command: CommandFacts, width: int) -> str:
    page = TerminalPage(width)
    write_command(page, command)
    shared = "Options of every command: moby help options"
    page.lines += ["", *textwrap.wrap(shared, width, subsequent_indent="  ")]
    return "\n".join(page.lines)


def topic_page(name: str, width: int) -> str:
    page = TerminalPage(width)
    page.topic(name, TOPICS[name])
    return "\n".join(page.lines)


def man_page(application: "Application") -> str:
    page = ManualPage(application.version)
    write_everything(page, application)
    page.heading("Files")
    page.table("Options", _FILES)
    page.topic("Examples", _EXAMPLES)
    return "\n".join(page.lines) + "\n"


def reference(application: "Application") -> str:
    page = ReferencePage()
    write_everything(page, application)
    return "\n".join(page.lines) + "\n"


class TerminalPage:
    """Text, set to the width of the terminal."""

    def __init__(self, width: int) -> None:
        self.lines: list[str] = []
        self._width = width

    def heading(self, title: str) -> None:
        self.lines += ["", title]

    def command(self, command: CommandFacts) -> None:
        usage = f"Usage: {command.usage}"
        self.lines += textwrap.wrap(command.description + ".", self._width)
        self.lines += ["", *textwrap.wrap(usage, self._width, subsequent_indent="    ")]

    def prose(self, text: str) -> None:
        """Set the paragraphs; indented lines, which are examples, stay as they are."""
        for paragraph in text.strip("\n").split("\n\n"):
            self.lines += [""] if self.lines else []
            if paragraph.startswith("  "):
                self.lines += paragraph.splitlines()
            else:
                self.lines += textwrap.wrap(paragraph, self._width)

    def table(self, title: str, rows: Rows) -> None:
        self.heading(title)
        self.lines += columns(rows, self._width)

    def examples(self, lines: Sequence[str]) -> None:
        self.heading("Examples")
        self.lines += [f"  {line}" for line in lines]

    def topic(self, name: str, text: str) -> None:
        """Set tables in two columns, and everything else like the help of a command."""
        for paragraph in text.strip("\n").split("\n\n"):
            parts = [re.split(" {2,}", line.strip(), maxsplit=1) for line in paragraph.splitlines()]
            if paragraph.startswith("  ") and any(len(part) == 2 for part in parts):
                rows = [(part[0], part[1] if len(part) == 2 else "") for part in parts]
                self.lines += ["", *columns(rows, self._width)]
            else:
                self.prose(paragraph)


class ManualPage:
    """moby(1) in the man macros."""

    def __init__(self, version: str) -> None:
        self.lines = [
            f'.TH MOBY 1 "" "moby {version}" "Mobayilo"',
            ".SH NAME",
            r"moby \- prepaid international calling from a terminal",
            ".SH SYNOPSIS",
            r"\fBmoby\fR \fICOMMAND\fR [\fIOPTIONS\fR]",
            ".SH DESCRIPTION",
            *textwrap.dedent(_DESCRIPTION).strip().splitlines(),
        ]

    def heading(self, title: str) -> None:
        self.lines.append(f".SH {title.upper()}")

    def command(self, command: CommandFacts) -> None:
        self.lines += [f'.SS "{_roff(command.usage)}"', _roff(command.description) + "."]

    def prose(self, text: str) -> None:
        self.lines += [".PP", ".nf", *map(_roff, text.strip("\n").splitlines()), ".fi"]

    def table(self, title: str, rows: Rows) -> None:
        for name, description in rows:
            shown = rf"\fI{_roff(name.upper())}\fR"
            if title == "Options":
                shown = rf"\fB{_roff(name)}\fR"
            self.lines += [".TP", shown, _roff(description)]

    def examples(self, lines: Sequence[str]) -> None:
        self.lines += [".PP", ".nf", *map(_roff, lines), ".fi"]

    def topic(self, name: str, text: str) -> None:
        self.heading(name)
        self.lines += [".nf", *map(_roff, text.strip().splitlines()), ".fi"]


def _roff(text: str) -> str:
    """Return the text as roff takes it: plain hyphens, ASCII, no line that begins as a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    plain = plain.replace("…", "...").replace("–", "\\[en]")
    return "\\&" + plain if plain[:1] in (".", "'") else plain


class ReferencePage:
    """A page of the documentation, in Markdown."""

    def __init__(self) -> None:
        self.lines = [
            "# Commands of moby",
            "",
            "Every command, as `moby COMMAND --help` prints it. This page is generated from the",
            "commands: `python -m moby.generate`.",
        ]

    def heading(self, title: str) -> None:
        self.lines += ["", f"## {title}"]

    def command(self, command: CommandFacts) -> None:
        self.lines += ["", f"### moby {command.name}", "", f"{command.description}."]
        self.prose(command.usage)

    def prose(self, text: str) -> None:
        self.lines += ["", "```text", text.strip("\n"), "```"]

    def table(self, title: str, rows: Rows) -> None:
        kind = title.lower().removesuffix("s")
        self.lines += ["", f"| {kind} | |", "|---|---|"]
        for name, description in rows:
            shown = name.upper() if title == "Arguments" else name
            escaped = description.replace("|", "\\|")
            self.lines.append(f"| `{shown}` | {escaped} |")

    def examples(self, lines: Sequence[str]) -> None:
        self.prose("\n".join(lines))

    def topic(self, name: str, text: str) -> None:
        self.heading(name.replace("-", " ").capitalize())
        self.prose(text.strip())
