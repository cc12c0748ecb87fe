"""An installed Chrome or Chromium without a window, which makes the sound of the page.

It is steered by the two pipes of `--remote-debugging-pipe`
(https://chromedevtools.github.io/devtools-protocol/): the address of the page goes through the
pipe, so no other user reads it in a list of processes, and a browser whose pipe is closed ends,
so none is left behind however its agent ends.
"""

import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from moby.errors import MobyError

NAMES = (
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "chromium-headless-shell",
    "microsoft-edge",
)
_PROFILES = "agent-browser"  # in moby's folder
_READS, _WRITES = 3, 4  # where the browser expects its pipes
_FIRST_OWN_HANDLE = 10  # so that none of ours stands where one of those goes
_END_SECONDS = 5.0
_ARGUMENTS = (
    "--headless",
    "--remote-debugging-pipe",
    "--use-fake-ui-for-media-stream",  # grants the microphone: a question would be out of sight
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)


def find_browser(environ: Mapping[str, str]) -> str:
    """Return the path of a Chrome or Chromium, by MOBY_BROWSER or on the path."""
    path = environ.get("PATH")
    configured = environ.get("MOBY_BROWSER")
    program = shutil.which(configured, path=path) if configured else None
    if configured and not program:
        raise MobyError(
            "browser_missing",
            f"MOBY_BROWSER names {configured}, which cannot be run",
            "Name the program of a Chrome or Chromium there, or unset it.",
        )
    program = program or next(filter(None, (shutil.which(name, path=path) for name in NAMES)), None)
    if program is None:
        raise MobyError(
            "browser_missing",
            "there is no Chrome or Chromium on this computer, which --headless needs",
            "Install one, name it in MOBY_BROWSER, or leave out --headless.",
        )
    return program


class HeadlessBrowser:
    """A running browser. `open` shows it the page; `end` ends it."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._profiles = folder / _PROFILES
        shutil.rmtree(self._profiles, ignore_errors=True)
        # A new one each time: a browser that is still ending would take the page from this one.
        profile = self._profiles / secrets.token_hex(4)
        arguments = [find_browser(environ), *_ARGUMENTS, f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # as root it starts in no other way
        its_input, self._to_it = _pipe()
        self._from_it, its_output = _pipe()
        nothing = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        pipes = [
            (os.POSIX_SPAWN_DUP2, its_input, _READS),
            (os.POSIX_SPAWN_DUP2, its_output, _WRITES),
        ]
        try:
            # In a group of its own, where Ctrl-C and Ctrl-Z of the terminal do not reach it.
            self.pid = os.posix_spawn(
                arguments[0], arguments, environ, file_actions=[*nothing, *pipes], setpgroup=0
            )
        finally:
            os.close(its_input)
            os.close(its_output)
        self._code: int | None = None

    def open(self, url: str) -> None:
        message = {"id": 1, "method": "Target.createTarget", "params": {"url": url}}
        with suppress(BrokenPipeError):  # it has ended, which `has_ended` reports
            os.write(self._to_it, json.dumps(message).encode() + b"\0")

    @property
    def has_ended(self) -> bool:
        if self._code is None:
            try:
                pid, code = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                pid, code = self.pid, 0
            self._code = code if pid else None
        return self._code is not None

    def end(self) -> None:
        """Close the browser's pipe, kill the browser if it goes on, and remove its files."""
        os.close(self._to_it)
        deadline = time.monotonic() + _END_SECONDS
        while not self.has_ended and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self.has_ended:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            while not self.has_ended:
                time.sleep(0.05)
        os.close(self._from_it)
        shutil.rmtree(self._profiles, ignore_errors=True)


def _pipe() -> tuple[int, int]:
    import fcntl  # which not every system has

    ends = os.pipe()
    copies = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN_HANDLE) for end in ends]
    for end in ends:
        os.close(end)
    return copies[0], copies[1]
