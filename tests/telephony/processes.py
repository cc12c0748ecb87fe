"""The product in processes of its own, on the database of a test."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

from django.db import connection

from dev.stack import free_port
from tests.telephony.sandbox import ROOT


class MortalServer:
    """The product in a process of its own, on the test's database. Dead, it is started again."""

    def __init__(self, env: dict[str, str]) -> None:
        self.port = free_port()  # the same after each death
        self.url = f"http://localhost:{self.port}"
        self.env = {**env, "PUBLIC_URL": self.url}
        self.deaths = 0

    def start(self, *point: str) -> None:
        command = [sys.executable, "-m", "tests.telephony.mortal_server", str(self.port), *point]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def revive(self) -> None:
        """Starts again, without the fault, if it died."""
        if self.process.poll() is not None:
            self.stop()
            self.deaths += 1
            self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(**settings: str) -> dict[str, str]:
    """The settings of this test for another process, on its database."""
    usual = {"DJANGO_SETTINGS_MODULE": "mobayilo.settings", "LOG_LEVEL": "ERROR"}
    return {**os.environ, "DATABASE_URL": database_url(), **usual, **settings}


def database_url() -> str:
    """The database of this test, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
