"""The agent in the running product: a computer that hears a tone, and calls by its port."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from dev.customer import Customer, Started
from dev.microphone import CHROMIUM, microphone_arguments
from dev.stack import direct_session, wait_until


def chromium_that_hears(folder: Path, tone_hz: int) -> Path:
    """Return a program that is Chromium with a tone in place of the microphone."""
    arguments = " ".join(microphone_arguments(folder, tone_hz=tone_hz))
    program = folder / "chrome"
    program.write_text(f'#!/bin/sh\nexec {CHROMIUM} "$@" {arguments}\n')
    program.chmod(0o755)
    return program


@contextmanager
def agent(alice: Customer, *words: str) -> Iterator[Started]:
    """Run the agent; end it however the test ends."""
    running = Started(alice, "agent", "run", *words)
    try:
        yield running
    finally:
        running.process.kill()
        running.finish()


def wait_until_ready(alice: Customer) -> None:
    def is_ready() -> bool:
        return bool(alice.moby("agent", "status", "--json").json["ready"])

    wait_until(is_ready, "the agent", seconds=60)


def state_at(port: int, call_id: str) -> str | None:
    """Return the state that a program on this machine is shown, None for 404."""
    answer = direct_session().get(f"http://127.0.0.1:{port}/v1/calls/{call_id}", timeout=10)
    return str(answer.json()["state"]) if answer.status_code == requests.codes.ok else None


def wait_for_state(port: int, call_id: str, state: str) -> None:
    wait_until(lambda: state_at(port, call_id) == state, state, seconds=60)


def processes() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def browser_of(pid: int) -> int:
    command = ["ps", "-o", "pid=", "--ppid", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])
