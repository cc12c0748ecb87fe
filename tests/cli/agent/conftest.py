"""Agents of Alice, against the scripted server."""

from collections.abc import Iterator

import pytest

from dev.stack import free_port
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.fixture
def agent(moby: Moby, server: StubServer, signed_in: None) -> Iterator[RunningAgent]:
    server.on("GET", "status", d.STATUS)
    running = RunningAgent(moby, free_port(), moby.home / "browser")
    running.start()
    yield running
    running.end()
