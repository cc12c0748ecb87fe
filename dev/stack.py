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
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

# The people of `make run`.
CUSTOMER = "customer@example.com"
SUPPORT = "support@example.com"

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
START_SECONDS = 120
LOG_LINES_SHOWN = 15


def direct_session() -> requests.Session:
    """Return a session that ignores the environment's proxies, in either case of their names."""
    session = requests.Session()
    session.trust_env = False
    return session


def environment_without_proxies() -> dict[str, str]:
    """Return a copy of this process's environment for one that only talks to this machine."""
    proxies = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy")
    return {name: value for name, value in os.environ.items() if name.lower() not in proxies}


def voice_settings() -> dict[str, str]:
    """Return the settings of calls through the computer, none where the sandbox cannot carry sound.

    Its sound is made by aiortc, which is installed for development and not for the demo.
    """
    if find_spec("aiortc") is None:
        return {}
    return {
        "TWILIO_API_KEY_SID": "SK" + secrets.token_hex(16),
        "TWILIO_API_KEY_SECRET": secrets.token_hex(16),
        "TWILIO_TWIML_APP_SID": "AP" + secrets.token_hex(16),
    }


def wait_until(holds: Callable[[], bool], what: str, *, seconds: float, every: float = 0.2) -> None:
    """Return when `holds` is true, asked `every` seconds. Raise AssertionError if too late."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(every)


def free_port() -> int:
    """Return a port of the loopback interface that no process listens on right now.

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


def loopback_name() -> str:
    """Return `localhost`, which passkeys need, or an address where no hosts file has the name."""
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        return "127.0.0.1"
    return "localhost"


class Stack:
    """The product in `folder`, started and stopped. Addresses are in `web` and `sandbox`."""

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
        self.host = loopback_name()
        self.web = f"http://{self.host}:{self.port}"
        self.sandbox = f"http://127.0.0.1:{sandbox_port or free_port()}"
        self.smtp_port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: dict[int, Path] = {}  # by process id
        self.session = direct_session()
        self.env = self._environment(database_url, settings or {})

    def _environment(self, database_url: str, settings: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of every process: the sandbox for providers, and fresh secrets."""
        return {
            **environment_without_proxies(),
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
            "PYTHONUNBUFFERED": "1",
            **voice_settings(),
            **settings,
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start_sandbox()
            self.prepare()
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

    def prepare(self) -> None:
        """Make the database and the static files ready."""
        self._run(sys.executable, "-m", "dev.prepare")

    def _start_sandbox(self) -> None:
        port = self.sandbox.rsplit(":", 1)[1]
        arguments = ["--port", port, "--smtp-port", str(self.smtp_port), "--web-url", self.web]
        self._start("sandbox", [sys.executable, "-m", "sandbox", *arguments])

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start a web server as production does, with one process and several threads."""
        command = [
            str(BIN / "gunicorn"),
            "mobayilo.wsgi",
            *("--bind", f"{self.host}:{self.port}", "--threads", "8"),
            *("--worker-class", "mobayilo.web_worker.Worker"),
            *("--graceful-timeout", "5", "--no-control-socket"),
        ]
        web = self._start("web", command)
        self._wait_for(f"{self.web}/healthz")
        return web

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        path = self.folder / f"{name}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.processes.append(process)
        self.logs[process.pid] = path
        return process

    def _wait_for(self, url: str) -> None:
        """Return when the address answers. Raise RuntimeError with the log that says why not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ended := self.ended_process():
                raise RuntimeError(f"a process ended at its start.\n{self.last_lines(ended)}")
            try:
                self.session.get(url, timeout=2)
                return
            except requests.RequestException:
                time.sleep(0.05)
        logs = "\n".join(self.last_lines(process) for process in self.processes)
        raise RuntimeError(f"{url} did not answer within {START_SECONDS} s.\n{logs}")

    def ended_process(self) -> subprocess.Popen[bytes] | None:
        """Return a process that has ended by itself, if there is one."""
        return next((each for each in self.processes if each.poll() is not None), None)

    def last_lines(self, process: subprocess.Popen[bytes]) -> str:
        """Return the end of a process's log, under its name."""
        path = self.logs[process.pid]
        lines = path.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([f"The end of {path.name}:", *(f"  {line}" for line in lines)])

    def stop(self) -> None:
        """End every process, gently first."""
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
        """Run a management command with the stack's settings."""
        return self._run(sys.executable, "manage.py", *arguments, check=check)

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[1:])}: {done.stderr or done.stdout}")
        return done

    def control(self, path: str, body: object | None = None) -> requests.Response:
        """Ask the sandbox's control API: GET without a body, POST with one."""
        url = f"{self.sandbox}/control/{path}"
        if body is None:
            return self.session.get(url, timeout=10)
        return self.session.post(
            url, data=json.dumps(body), headers={"Content-Type": "application/json"}, timeout=10
        )

    def moby_env(self, home: Path) -> dict[str, str]:
        """Return the environment of a person who has just installed `moby`, with an empty home."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        return {
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "MOBY_HOST": self.web,
            "MOBY_KEYRING": "off",
        }
