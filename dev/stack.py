"""The whole product on this machine: the sandbox, the web server, periodic work and a database.

`with Stack(folder) as stack:` starts everything on free ports and stops it again. `make demo`,
`make run`, the journeys and the benchmarks all stand on it.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
START_SECONDS = 40


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now.

    Drawn below the range that the kernel hands out, so that no connection or server of another test
    takes it before ours does.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Stack:
    """Starts the product in `folder` and stops it. Addresses are in `web` and `sandbox`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        sandbox_port: int = 0,
        database_url: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.web = f"http://localhost:{self.port}"
        self.sandbox = f"http://127.0.0.1:{sandbox_port or free_port()}"
        self.smtp_port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.env = self._environment(database_url, settings or {})

    def _environment(self, database_url: str, settings: Mapping[str, str]) -> dict[str, str]:
        """Settings of every process: the sandbox for providers, and secrets made just now."""
        return {
            **os.environ,
            "PUBLIC_URL": self.web,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": database_url or f"sqlite:///{self.folder}/mobayilo.sqlite3",
            "STATIC_ROOT": str(self.folder / "static"),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "TWILIO_API_URL": self.sandbox,
            "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_VERIFY_SERVICE_SID": "VA" + secrets.token_hex(16),
            "TWILIO_FROM_NUMBER": "+12025550100",
            "STRIPE_API_URL": self.sandbox,
            "STRIPE_API_KEY": "sk_test_" + secrets.token_hex(12),
            "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
            "DJANGO_SETTINGS_MODULE": "mobayilo.settings",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start_sandbox()
            self._run(sys.executable, "-m", "dev.prepare")
            self.start_web()
            self._start("periodic", [sys.executable, "manage.py", "run_periodic"])
            self._wait_for(f"{self.sandbox}/")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start_sandbox(self) -> None:
        port = self.sandbox.rsplit(":", 1)[1]
        arguments = ["--port", port, "--smtp-port", str(self.smtp_port), "--web-url", self.web]
        self._start("sandbox", [sys.executable, "-m", "sandbox", *arguments])

    def start_web(self) -> subprocess.Popen[bytes]:
        """Starts a web server as production does, with one process and several threads."""
        command = [
            str(BIN / "gunicorn"),
            "mobayilo.wsgi",
            *("--bind", f"localhost:{self.port}", "--worker-class", "gthread", "--threads", "8"),
            *("--graceful-timeout", "5", "--no-control-socket"),
        ]
        web = self._start("web", command)
        self._wait_for(f"{self.web}/healthz")
        return web

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.processes.append(process)
        return process

    def _wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            stopped = next((p for p in self.processes if p.poll() is not None), None)
            if stopped is not None:
                raise RuntimeError(f"{stopped.args!r} ended at start; see {self.folder}/*.log")
            try:
                requests.get(url, timeout=2)
                return
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError(f"nothing answers at {url}; see {self.folder}/*.log")

    def stop(self) -> None:
        """Ends every process, gently first."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(timeout=8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a management command with the stack's settings."""
        return self._run(sys.executable, "manage.py", *arguments, check=check)

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[1:])}: {done.stderr or done.stdout}")
        return done

    def control(self, path: str, body: object | None = None) -> requests.Response:
        """Asks the sandbox's control API: GET without a body, POST with one."""
        url = f"{self.sandbox}/control/{path}"
        if body is None:
            return requests.get(url, timeout=10)
        return requests.post(
            url, data=json.dumps(body), headers={"Content-Type": "application/json"}, timeout=10
        )

    def moby_env(self, home: Path) -> dict[str, str]:
        """The environment of a person who has just installed `moby` and has an empty home."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        return {
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "MOBY_HOST": self.web,
            "MOBY_KEYRING": "off",
            "NO_PROXY": "127.0.0.1,localhost",
        }
