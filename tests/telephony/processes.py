"""The product in processes of its own, on the database of a test."""

import contextlib
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

from django.db import connection

from dev.stack import free_port
from tests.telephony.sandbox import ROOT, wait_for


class MortalServer:
    """The product in a process of its own, on the test's database. Dead, it is started again."""

    def __init__(self, **settings: str) -> None:
        port = free_port()  # the same after each death
        self.url = f"http://localhost:{port}"
        self.loaded = subprocess.Popen(
            [sys.executable, "-m", "tests.telephony.mortal_server", str(port)],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "PUBLIC_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "mobayilo.settings",
                "LOG_LEVEL": "ERROR",
                **settings,
            },
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def start(self, point: str = "") -> None:
        """Start a server that dies when `point` is reached; see `tests.telephony.mortal_server`."""
        self.deaths = 0
        self._live(point)

    def _live(self, point: str) -> None:
        assert self.loaded.stdin
        assert self.loaded.stdout
        self.loaded.stdin.write(f"{point}\n")
        self.loaded.stdin.flush()
        self.pid = int(self.loaded.stdout.readline())

    def is_dead(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def revive(self) -> None:
        """Start again, without the fault, if it died."""
        if self.is_dead():
            self.deaths += 1
            self._live("")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        wait_for(self.is_dead, "the end of the server")

    def stop(self) -> None:
        self.loaded.communicate(timeout=10)


def database_url() -> str:
    """Return the address of this test's database, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
