"""moby in an empty home, against a scripted server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack import free_port
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.fixture
def server() -> Iterator[StubServer]:
    running = StubServer()
    yield running
    running.close()


@pytest.fixture
def moby(tmp_path: Path, server: StubServer) -> Moby:
    """Signed out, without a keyring."""
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "MOBY_CONFIG_DIR": str(tmp_path / "config"),
        "MOBY_HOST": server.url,
        "MOBY_KEYRING": "off",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONWARNINGS": "error",
        # So that a coverage run sees the processes that tests start.
        **{k: v for k, v in os.environ.items() if k.startswith("COVERAGE_PROCESS")},
    }
    return Moby(tmp_path, env)


@pytest.fixture
def signed_in(moby: Moby) -> None:
    """Give `moby` a token by its environment."""
    moby.env["MOBY_TOKEN"] = d.TOKEN


@pytest.fixture
def browser(moby: Moby) -> None:
    """Give `moby` a browser that writes down what it is asked to open."""
    program = moby.home / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> {moby.home}/opened\n')
    program.chmod(0o755)
    moby.env["BROWSER"] = str(program)


@pytest.fixture
def agent(moby: Moby, server: StubServer, signed_in: None) -> Iterator[RunningAgent]:
    """An agent that runs for Alice."""
    server.on("GET", "status", d.STATUS)
    running = RunningAgent(moby, free_port(), moby.home / "browser")
    running.start()
    yield running
    running.end()
