"""The process: what it needs, and how it says that it cannot start."""

import os
import subprocess
import sys

from tests.sandbox.conftest import CREDENTIALS, Sandbox


def start(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        env={"PATH": os.environ["PATH"]} | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_missing_credential_is_named() -> None:
    settings = {name: value for name, value in CREDENTIALS.items() if name != "STRIPE_API_KEY"}
    ended = start(settings)
    assert (ended.returncode, ended.stderr) == (2, "STRIPE_API_KEY is not set\n")


def test_taken_port_is_said_in_one_line(sandbox: Sandbox) -> None:
    port = sandbox.http.rsplit(":", 1)[1]
    ended = start(CREDENTIALS, "--port", port, "--smtp-port", "0")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The sandbox cannot listen: ")
    assert ended.stderr.count("\n") == 1
