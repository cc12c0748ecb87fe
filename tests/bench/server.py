"""The product on the run's PostgreSQL under a web server, for the length of a measurement."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from dev.stack import ROOT, free_port

GUNICORN = [
    *("gunicorn", "mobayilo.wsgi", "--workers", "2", "--no-control-socket"),
    *("--bind", "127.0.0.1:{port}"),
]


@dataclass(frozen=True)
class Server:
    """A web server that runs: where it answers, and its process."""

    address: str
    pid: int

    def worker_rss_mb(self) -> float:
        """Resident memory of the largest worker."""
        workers = psutil.Process(self.pid).children()
        return max(worker.memory_info().rss for worker in workers) / 2**20


@contextmanager
def serving(command: list[str], log: Path) -> Iterator[Server]:
    """Run a server command, with a free port in place of `{port}`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    program = str(Path(sys.executable).parent / command[0])
    with log.open("wb") as output:
        server = subprocess.Popen(
            [program, *(word.replace("{port}", str(port)) for word in command[1:])],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(f"{address}/healthz")
        yield Server(address, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=2)
            return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {url}")
