"""One agent of a user, and the file by which commands find it."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_second_agent_of_a_user_says_so(agent: RunningAgent, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    ran = agent.moby.run("agent", "run", "--headless", "--json")
    assert (ran.code, ran.error["code"]) == (1, "agent_running")
    assert agent.status()["running"] is True


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("port", ["none", "0", "65536", "-1", "٧٧٨٨"])
def test_port_that_cannot_be_one_is_refused(moby: Moby, server: StubServer, port: str) -> None:
    server.on("GET", "status", d.STATUS)
    env = {"PATH": "/nowhere", "MOBY_AGENT_PORT": port}
    ran = moby.run("agent", "run", "--headless", "--json", **env)
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert ran.error["message"] == f"MOBY_AGENT_PORT is {port!r}, not a port"


def test_file_that_names_no_whole_run_is_no_agent(agent: RunningAgent) -> None:
    file = agent.moby.home / "config/agent.json"
    document = json.loads(file.read_text())
    for change in ({"port": str(agent.port)}, {"account": None}, {"secret": 1}):
        file.write_text(json.dumps({**document, **change}))
        assert agent.status()["running"] is False, change
    file.write_text(json.dumps(document))
    assert agent.status()["running"] is True
