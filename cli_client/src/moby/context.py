"""Everything of the outside world that moby touches, in one object that tests can replace."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol, TextIO, cast

from moby.errors import MobyError
from moby.network import Transport, WebTransport, is_web_page

# Nothing can be there: for a user without a home or access to it, who needs none with MOBY_TOKEN.
NO_FOLDER = Path(os.devnull) / "moby"
NO_BROWSER = "No browser could be opened here; open the page yourself."
_REMOTE = ("SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "CI")
_WSL_OPENERS = ("wslview", "powershell.exe")


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

    def open_in_browser(self, url: str) -> bool:
        """Open a web page where a person sees it; return False if no browser can show it."""
        may_open = is_web_page(url) and may_open_browser(self.environ)
        return may_open and self.open_browser(url)

    @property
    def config_dir(self) -> Path:
        named = self.environ.get("MOBY_CONFIG_DIR")
        base = self.environ.get("XDG_CONFIG_HOME") or "~/.config"
        try:
            if named:
                return Path(named).expanduser()
            folder = Path(base).expanduser() / "moby"
            with suppress(FileNotFoundError, NotADirectoryError):
                folder.stat()
            return folder
        except PermissionError:
            return NO_FOLDER
        except RuntimeError as error:  # the user has no home, or ~name is of a user unknown here
            if named:
                raise MobyError(
                    "bad_configuration",
                    f"MOBY_CONFIG_DIR names {named}, and there is no such user",
                    "Name a folder of your own, such as ~/.config/moby.",
                ) from error
            return NO_FOLDER


def system_context() -> Context:
    stdin, stdout, stderr = (
        stream or _nowhere(mode)  # None where moby was started with the stream closed
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
        open_browser=open_browser,
    )


def abandon(stream: TextIO) -> None:
    """Give up a stream that takes no more.

    Python flushes the stream again at its end, and would complain and end with a code of its own.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode))


def may_open_browser(environ: Mapping[str, str]) -> bool:
    """Return False where a browser would open on a machine without a person before it."""
    return not any(environ.get(name) for name in _REMOTE)


def open_browser(url: str) -> bool:
    """Try to open the page in the person's browser; return False when no browser took it."""
    import webbrowser  # 10 ms, which only those who open a page should wait for

    if os.environ.get("WSL_DISTRO_NAME") and not os.environ.get("BROWSER"):
        return _open_on_windows(url)
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _open_on_windows(url: str) -> bool:
    import shutil
    import subprocess

    for name in _WSL_OPENERS:
        program = shutil.which(name)
        if program is None:
            continue
        arguments = [program, url] if name == "wslview" else [program, "Start-Process", url]
        # `open_in_browser` lets web pages through alone.
        done = subprocess.run(arguments, check=False, capture_output=True)  # noqa: S603
        if done.returncode == 0:
            return True
    return False
