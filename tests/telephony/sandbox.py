"""The sandbox of these tests: a process of its own, steered over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
# The API key that the sandbox knows.
KEY_SID, KEY_SECRET = "SK" + "1" * 32, "k" * 32
# What calls through the computer need; tests of such calls give it to the product too.
VOICE = {
    "TWILIO_API_KEY_SID": KEY_SID,
    "TWILIO_API_KEY_SECRET": KEY_SECRET,
    "TWILIO_TWIML_APP_SID": "AP" + "1" * 32,
}


@dataclass(frozen=True)
class Sandbox:
    """A client of the control API."""

    url: str

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/control/{path}", params=parameters, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def post(self, path: str, /, **content: object) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/control/{path}", json=content, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def phone(self, number: str, **behaviour: object) -> None:
        self.post("numbers", number=number, **behaviour)

    def fault(self, kind: str, path: str, **more: object) -> None:
        self.post("faults", kind=kind, provider="twilio", path=f"*{path}", **more)

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/control/faults", timeout=10).raise_for_status()

    def code_for(self, number: str) -> str:
        return str(self.get("messages", to=number)["messages"][-1]["code"])

    def fall_silent(self) -> None:
        """Nothing more happens, and nothing is on its way to a database about to be emptied."""
        self.post("speed", speed=0.0001)
        wait_for(lambda: not self.get("idle")["requests"], "the answer to the last webhook")
        self.post("reset")

    def wait_until_idle(self) -> None:
        wait_for(lambda: self.get("idle")["idle"], "the sandbox to be idle")


def wait_for(condition: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


@contextmanager
def running_sandbox(web_url: str = "http://localhost:8000") -> Iterator[Sandbox]:
    """`python -m sandbox` on free ports, with the credentials of the tests."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"]
    process = subprocess.Popen(
        [*command, "--web-url", web_url],
        cwd=ROOT,
        env=os.environ | VOICE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Sandbox(json.loads(process.stdout.readline())["http"])
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()
