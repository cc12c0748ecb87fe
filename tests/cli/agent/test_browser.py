"""The browser without a window: found, kept from other users, and never left behind."""

import signal

import pytest

from dev.stack import free_port, wait_until
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.usefixtures("signed_in")
def test_computer_without_a_browser_is_shown_what_to_install(
    moby: Moby, server: StubServer
) -> None:
    server.on("GET", "status", d.STATUS)
    env = {"PATH": "/nowhere", "MOBY_AGENT_PORT": str(free_port())}
    ran = moby.run("agent", "run", "--headless", "--json", **env)
    assert (ran.code, ran.error["code"]) == (1, "browser_missing")
    assert not (moby.home / "config/agent.json").exists()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_ended_agent_leaves_no_browser_and_the_next_starts(
    agent: RunningAgent, server: StubServer, number: signal.Signals, code: int
) -> None:
    agent.process.send_signal(number)
    agent.process.communicate(timeout=30)
    assert agent.process.returncode == code
    wait_until((agent.browser / "ended").exists, "the end of the browser", seconds=30)
    assert agent.status()["running"] is False
    server.on("GET", "status", d.STATUS)
    agent.start()
    assert agent.status()["running"] is True


def test_code_and_secret_are_in_no_list_of_processes(agent: RunningAgent) -> None:
    shown = (agent.browser / "arguments").read_text()
    assert "--remote-debugging-pipe" in shown
    assert agent.code not in shown
    assert agent.secret not in shown
    assert (agent.moby.home / "config/agent.json").stat().st_mode & 0o777 == 0o600
