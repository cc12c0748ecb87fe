"""The way to the agent: whether it is there, ready and free."""

import json
import subprocess
from os import geteuid

import pytest

from tests.cli import documents as d
from tests.cli.agent.calling import QUOTE, talking_page
from tests.cli.agent.running import RunningAgent
from tests.cli.stubs import StubServer


def test_second_call_waits_for_the_first_and_is_not_placed(
    agent: RunningAgent, server: StubServer
) -> None:
    talking_page(agent, server)
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", QUOTE)
    busy = agent.moby.run("call", d.DESTINATION, "--json")
    assert (busy.code, busy.error["code"]) == (1, "agent_busy")
    assert "moby calls hangup call_1" in busy.error["hint"]


def test_agent_that_cannot_talk_is_reported_before_anything_is_placed(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    page.report(microphone="refused")
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", QUOTE)
    ran = agent.moby.run("call", d.DESTINATION, "--json")
    assert (ran.code, ran.error["code"]) == (1, "agent_not_ready")
    reason = "not ready: its microphone is refused"
    assert ran.error["message"].endswith(reason)
    assert reason in agent.moby.run("agent", "status").stdout
    assert "--callback" in ran.error["hint"]


@pytest.mark.skipif(geteuid() != 0, reason="acts as another user of the machine")
def test_program_of_another_user_on_the_port_is_shown_no_secret(agent: RunningAgent) -> None:
    agent.end()  # and leaves its file
    listen = f"import socket; s = socket.create_server(('127.0.0.1', {agent.port})); "
    script = f"{listen}print('listens', flush=True); print(s.accept()[0].recv(999), flush=True)"
    command = ["/usr/bin/python3", "-c", script]
    with subprocess.Popen(command, user=65_534, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "listens\n"
        is_running = agent.status()["running"]
        other.kill()
        assert (is_running, other.stdout.read()) == (False, "")


def test_agent_that_knows_another_secret_is_not_ours(agent: RunningAgent) -> None:
    file = agent.moby.home / "config/agent.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "secret": "of an earlier run"}))
    assert agent.status() == {"running": False, "ready": False, "call": None}
    assert agent.moby.run("keys", "1", "--json").error["code"] == "agent_not_running"
    assert agent.process.poll() is None
