"""Everything of the outside world that moby touches, in one object that tests can replace."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol, TextIO, cast

from moby.net.message import Transport
from moby.net.web import WebTransport


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch, by the wall clock."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Context:
    environ: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    transport: Transport
    open_browser: Callable[[str], bool]
    clock: Clock = field(default_factory=SystemClock)

    @property
    def config_dir(self) -> Path:
        named = self.environ.get("MOBY_CONFIG_DIR")
        if named:
            return Path(named).expanduser()
        base = self.environ.get("XDG_CONFIG_HOME") or "~/.config"
        return Path(base).expanduser() / "moby"


def system_context() -> Context:
    stdin, stdout, stderr = (
        stream or _nowhere(mode)  # None where whoever started moby closed it
        for stream, mode in ((sys.stdin, "r"), (sys.stdout, "w"), (sys.stderr, "w"))
    )
    for stream in (stdout, stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 must not end a call
    return Context(
        environ=os.environ,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        transport=WebTransport(os.environ),
        open_browser=_open_browser,
    )


def abandon(stream: TextIO) -> None:
    """Give up a stream that takes no more: Python flushes it once again at its end, and would
    complain and end with a code of its own.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode))


def _open_browser(url: str) -> bool:
    from moby.browser import open_browser

    return open_browser(url, os.environ)
