"""moby as a test runs it: in this process, as a process of its own, or on a terminal."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pexpect

from moby.__main__ import main
from moby.context import Context
from moby.network import WebTransport

MOBY = Path(sys.executable).with_name("moby")


class FakeClock:
    """Time that passes only when moby waits."""

    def __init__(self) -> None:
        self.time = 1_795_550_400.0  # 2026-11-24T20:00:00Z
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Ran:
    stdout: str
    stderr: str
    code: int

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    @property
    def error(self) -> dict[str, Any]:
        """The error object, when it is all that was printed."""
        assert self.stdout == ""
        error: dict[str, Any] = json.loads(self.stderr)["error"]
        return error


@dataclass
class Moby:
    """The way in is the real one; `run` stays in this process, `process` and `spawn` do not."""

    home: Path
    env: dict[str, str]
    clock: FakeClock = field(default_factory=FakeClock)
    opened: list[str] = field(default_factory=list)
    browser_works: bool = True
    try_seconds: float = 30.0

    def run(self, *words: str, typed: str = "", **env: str) -> Ran:
        environ = {**self.env, **env}
        out, err = StringIO(), StringIO()
        context = Context(
            environ=environ,
            stdin=StringIO(typed),
            stdout=out,
            stderr=err,
            transport=WebTransport(environ, try_seconds=self.try_seconds),
            open_browser=self._open,
            clock=self.clock,
        )
        code = main(list(words), context)
        return Ran(out.getvalue(), err.getvalue(), code)

    def process(self, *words: str, typed: str = "", **env: str) -> Ran:
        done = subprocess.run(
            [MOBY, *words],
            env={**self.env, **env},
            input=typed,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Ran(done.stdout, done.stderr, done.returncode)

    def shell(self, line: str, **env: str) -> Ran:
        """A line as a shell reads it, with its redirections."""
        path = f"{MOBY.parent}:{self.env['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env={**self.env, "PATH": path, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Ran(done.stdout, done.stderr, done.returncode)

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        """Start `moby`, which runs on while the test does something else."""
        return subprocess.Popen(
            [MOBY, *words],
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def spawn(self, *words: str, **env: str) -> "pexpect.spawn[str]":
        return pexpect.spawn(
            str(MOBY),
            list(words),
            env={**self.env, "TERM": "xterm", **env},
            encoding="utf-8",
            timeout=60,
            dimensions=(30, 100),
        )

    def _open(self, url: str) -> bool:
        self.opened.append(url)
        return self.browser_works
