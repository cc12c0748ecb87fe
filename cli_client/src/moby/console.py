"""The terminal of moby. Data goes to stdout; remarks and questions go to stderr.

Nothing here passes through Cleo's markup, which would eat anything that looks like a tag.
"""

import json
import os
import re
import select
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from getpass import getpass
from typing import TextIO

from moby.context import Context, abandon
from moby.errors import MobyError
from moby.text import clean, days_until, local, printable, relative

_STYLES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31"}

_STYLED = re.compile(r"(\x1b\[\d+m)(.*?)(\x1b\[0m)")


@dataclass
class Console:
    context: Context
    json: bool = False
    quiet: bool = False
    interactive: bool = True
    verbosity: int = 0
    decorated_out: bool = False
    decorated_err: bool = False
    _held: list[str] = field(default_factory=list)
    _line: str = ""  # replaced by the next one
    _live: bool = False

    # Output

    def write(self, text: str = "", *, hang: int = 0) -> None:
        """Write a line of data for a person; nothing with --quiet and with --json.

        On a terminal, a long line continues on the next one, indented by `hang` columns.
        """
        if not self.quiet and not self.json:
            self._put_fitted(self.context.stdout, text, hang)

    def raw(self, text: str) -> None:
        """Write the data that the command exists to give, whatever the options say."""
        self._put(self.context.stdout, text)

    def document(self, document: object) -> None:
        """Write the one JSON document of a run with --json."""
        self._put(self.context.stdout, json.dumps(document, indent=2))

    def remark(self, text: str) -> None:
        """Write a remark on stderr. With --json it waits for the end, and is dropped on failure."""
        if self.quiet:
            return
        if self.json:
            self._held.append(text)
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """Write a line on stderr, at once, whatever the format of the output."""
        self.end_live()
        self._put_fitted(self.context.stderr, text)

    def finish(self) -> None:
        """Write the remarks that waited for the command to succeed."""
        for text in self._held:
            self._put_fitted(self.context.stderr, text)
        self._held.clear()

    def fail(self, error: MobyError) -> None:
        self.end_live()
        if self.json:
            self._put(self.context.stderr, json.dumps(error.as_document()))
            return
        self._put_fitted(self.context.stderr, f"{self.style_err('moby:', 'red')} {error.message}")
        for line in [*map(clean, error.field_lines()), *error.hint.splitlines()]:
            self._put_fitted(self.context.stderr, f"  {line}")
        if error.quotes_request:
            self._put_fitted(self.context.stderr, f"  Request id: {error.request_id}")

    def live(self, text: str) -> None:
        """Write a line on stderr that replaces the last one; only a terminal gets it."""
        self._line = text
        self._rewrite(text)

    def live_wait(self, text: str) -> None:
        """Append to the live line what moby waits for; an empty text removes it."""
        if text:
            self._rewrite(" · ".join(filter(None, (self._line, text))))
        elif self._line:
            self._rewrite(self._line)
        else:
            self.end_live()

    def _rewrite(self, text: str) -> None:
        if not self.shows_live:
            return
        room = _width_of(self.context.stderr) - 1
        self.context.stderr.write("\r\x1b[K" + printable(text)[:room])
        self.context.stderr.flush()
        self._live = True

    def end_live(self) -> None:
        self._line = ""
        if self._live:
            self.context.stderr.write("\r\x1b[K")
            self._live = False

    # Looks

    @property
    def width(self) -> int:
        return _width_of(self.context.stdout)

    @property
    def is_dumb(self) -> bool:
        """A terminal that would show escape codes as rubbish: an editor's, a serial line's."""
        return self.context.environ.get("TERM") == "dumb"

    @property
    def can_ask(self) -> bool:
        return (
            self.interactive
            and not self.json
            and self.context.stdin.isatty()
            and self.context.stderr.isatty()
        )

    @property
    def shows_live(self) -> bool:
        can_show = self.context.stderr.isatty() and not self.is_dumb
        return can_show and not self.quiet and not self.json

    def style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.decorated_out else text

    def style_err(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.decorated_err else text

    def when(self, text: str | None) -> str:
        """Return an instant for a list: on a terminal, one of the last day as "3 hours ago"."""
        now = self.context.clock.now()
        if text and self.context.stdout.isatty() and 0 <= -days_until(text, now) < 1:
            return relative(text, now)
        return local(text)

    def table(
        self,
        headings: Sequence[str],
        rows: Iterable[Sequence[object]],
        right: str = "",
        styles: Mapping[str, str] | None = None,
    ) -> None:
        """Write aligned columns. `right` names those aligned to the right, with | between them.

        `styles` has the style of a cell by its text. On a narrow terminal the last column goes
        below the others; if that is too wide as well, each field has a line.
        """
        cells = [[clean(cell) for cell in row] for row in rows]
        widths = [
            max(len(row[i]) for row in [list(headings), *cells]) for i in range(len(headings))
        ]
        if self._fits(widths):
            lines = [self._row(row, widths, headings, right, styles) for row in [headings, *cells]]
        elif self._fits(widths[:-1]):
            lines = []
            for row in [headings, *cells]:
                line = self._row(row[:-1], widths[:-1], headings[:-1], right, styles)
                lines.append(f"{line}\n  {row[-1]}" if row[-1] else line)
        else:
            for number, row in enumerate(cells):
                if number:
                    self.write()
                self.fields(zip(headings, row, strict=True))
            return
        if not self.quiet and not self.json:
            for number, line in enumerate(lines):
                # By `_put`: these lines are known to fit.
                self._put(self.context.stdout, line if number else self.style(line, "bold"))

    def _row(
        self,
        cells: Sequence[str],
        widths: Sequence[int],
        headings: Sequence[str],
        right: str,
        styles: Mapping[str, str] | None,
    ) -> str:
        right_headings = right.split("|")
        parts = []
        for cell, width, heading in zip(cells, widths, headings, strict=True):
            text = cell.rjust(width) if heading in right_headings else cell.ljust(width)
            style = (styles or {}).get(cell)
            parts.append(self.style(text, style) if style else text)
        return "  ".join(parts).rstrip()

    def fields(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Write names and values, one pair a line; leave out pairs without a value."""
        filled = [(name, clean(value)) for name, value in pairs if value not in (None, "")]
        widest_name = max((len(name) for name, _ in filled), default=0)
        for name, value in filled:
            self.write(f"{name + ':':<{widest_name + 1}} {value}", hang=widest_name + 2)

    # Questions

    def ask(self, question: str, default: str = "") -> str:
        self.end_live()
        suffix = f" [{default}]" if default else ""
        prompt = self._fitted(self.context.stderr, f"{question}{suffix}:")
        try:
            self.context.stderr.write(f"{prompt} ")
            self.context.stderr.flush()
            line = self.context.stdin.readline()
        except KeyboardInterrupt:
            self.context.stderr.write("\n")
            raise
        if not line:
            self.context.stderr.write("\n")
            hint = "Give it on the command line; see: moby COMMAND --help"
            raise MobyError("canceled", "no answer was given", hint)
        return line.strip() or default

    def ask_until_answered(self, question: str) -> str:
        while not (answer := self.ask(question)):
            continue
        return answer

    def confirm(self, question: str, *, default: bool = False) -> bool:
        while True:
            answer = self.ask(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
            if answer in ("", "y", "yes", "n", "no"):
                return default if not answer else answer.startswith("y")
            self.say("Please answer yes or no.")

    def choose(self, question: str, choices: Sequence[str]) -> int:
        """Return the index of the choice taken."""
        for number, choice in enumerate(choices, start=1):
            self.say(f"  {number}  {clean(choice)}")
        while True:
            answer = self.ask(f"{question} (1-{len(choices)}, empty to stop)")
            if not answer:
                raise MobyError("canceled", "nothing was chosen")
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
            self.say(f"Please give a number from 1 to {len(choices)}.")

    def read_secret(self, question: str) -> str:
        """Return a line from stdin, hidden when a person types it."""
        if self.context.stdin.isatty():
            return getpass(f"{question}: ", stream=self.context.stderr)
        return self.context.stdin.readline()

    def wait(self, seconds: float) -> bool:
        """Let the time pass; return True as soon as a person presses Enter on a terminal."""
        if not self.can_ask:
            self.context.clock.sleep(seconds)
            return False
        ready, _, _ = select.select([self.context.stdin], [], [], seconds)
        if not ready:
            return False
        if self.context.stdin.readline():
            return True
        self.context.clock.sleep(seconds)  # end of input: it would be "ready" for ever
        return False

    def _put_fitted(self, stream: TextIO, text: str, hang: int = 0) -> None:
        self._put(stream, self._fitted(stream, text, hang))

    def _fitted(self, stream: TextIO, text: str, hang: int = 0) -> str:
        """Return a text as the stream shows it: a terminal gets long lines broken between words.

        `hang` indents the rest of a broken line. For a file or a pipe the text does not change.
        """
        if not stream.isatty():
            return text
        width = _width_of(stream)
        return "\n".join(_wrapped(line, width, hang) for line in text.split("\n"))

    def _fits(self, widths: Sequence[int]) -> bool:
        if not self.context.stdout.isatty():
            return True
        return sum(widths) + 2 * (len(widths) - 1) <= self.width

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(printable(text) + "\n")
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            abandon(stream)
            if stream is self.context.stderr:
                return  # there is no other stream to report it on
            raise MobyError(
                "output_failed",
                f"the output cannot be written: {error.strerror or error}",
                "The command itself was carried out: look before you repeat it.",
            ) from error


def _wrapped(line: str, width: int, hang: int) -> str:
    """Return a line broken between words, its rest indented by `hang`, or else as the line itself.

    Codes that colour the beginning of the line do not count towards the width.
    """
    coloured = _STYLED.match(line)
    if coloured:
        wrapped = _wrapped(coloured[2] + line[coloured.end() :], width, hang)
        coloured_length = len(coloured[2])
        return f"{coloured[1]}{wrapped[:coloured_length]}{coloured[3]}{wrapped[coloured_length:]}"
    indent = " " * (hang or len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _width_of(stream: TextIO) -> int:
    """Return COLUMNS, or the width of the terminal behind the stream, or 80."""
    size = os.terminal_size((80, 24))
    with suppress(OSError, ValueError):  # no terminal
        size = os.get_terminal_size(stream.fileno())
    return shutil.get_terminal_size(size).columns or 80


@contextmanager
def single_keys(stream: TextIO) -> Iterator[None]:
    """Let keys arrive one by one and unseen; at the end, restore the terminal in any case."""
    if sys.platform == "win32" or not stream.isatty():
        yield
        return
    import signal
    import termios
    import tty

    terminal = stream.fileno()

    def resume(*_: object) -> None:
        """Take the terminal again after Ctrl-Z and `fg`, since the shell has put it back."""
        if os.tcgetpgrp(terminal) == os.getpgrp():  # after `bg` it is the shell's
            tty.setcbreak(terminal)

    mode_before = termios.tcgetattr(terminal)
    handler_before = signal.signal(signal.SIGCONT, resume)
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        signal.signal(signal.SIGCONT, handler_before)
        termios.tcsetattr(terminal, termios.TCSADRAIN, mode_before)


def read_keypress(stream: TextIO, seconds: float) -> str:
    """Return the key that is pressed within so many seconds, or an empty string."""
    ready, _, _ = select.select([stream], [], [], max(0.0, seconds))
    return os.read(stream.fileno(), 1).decode("ascii", "ignore") if ready else ""
