"""moby agent and moby keys."""

import subprocess
import sys

import pytest

from tests.cli.agent.calling import place
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_status_says_that_nothing_runs_and_that_is_no_failure(moby: Moby) -> None:
    ran = moby.run("agent", "status", "--json")
    assert (ran.code, ran.json) == (0, {"running": False, "ready": False, "call": None})
    assert moby.run("agent", "stop", "--json").json == {"stopped": False}
    error = moby.run("keys", "1", "--json").error
    assert (error["code"], "moby agent run" in error["hint"]) == ("agent_not_running", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "no keys were given"), (("abc",), "'abc' cannot be sent as keys")],
)
def test_keys_that_do_not_exist_are_named(moby: Moby, words: tuple[str, ...], said: str) -> None:
    ran = moby.run("keys", *words)
    hint = "Use 0-9, *, #, and w for a pause: moby keys '1#'"
    assert (ran.code, ran.stderr) == (2, f"moby: {said}\n  {hint}\n")


def test_commands_load_no_server_to_find_out_that_no_agent_runs() -> None:
    loaded = "print({'http.server', 'moby.agent.agent'} & sys.modules.keys())"
    script = f"import sys, moby.commands.call, moby.commands.agent; {loaded}"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_agent_is_ready_with_a_page_that_has_the_microphone(agent: RunningAgent) -> None:
    assert (agent.status()["running"], agent.status()["ready"]) == (True, False)
    page = agent.open_page()
    assert agent.process.stderr is not None
    assert "The agent is ready.\n" in iter(agent.process.stderr.readline, "")
    seen = agent.status()
    assert (seen["ready"], seen["account"], seen["port"]) == (True, "acct_1", agent.port)
    page.report(microphone="refused")
    assert agent.status()["ready"] is False
    assert "its microphone is refused" in agent.moby.run("agent", "status").stdout


def test_keys_reach_the_page_once_the_call_is_answered(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    place(agent, server)
    early = agent.moby.run("keys", "1#", "--json")
    assert early.error["code"] == "agent_not_ready"
    assert early.error["message"] == "the call is not answered yet; send keys after that"
    page.report(call_id="call_1", state="talking")
    assert agent.moby.run("keys", "call_1", "1 #", "--json").json["keys"] == "1#"
    assert page.wait_for("keys")["keys"] == "1#"
    assert agent.moby.run("keys", "call_2", "1", "--json").code == 6
    assert agent.moby.run("keys", "one", "--json").code == 2


def test_stop_ends_the_agent_and_waits_for_it(agent: RunningAgent) -> None:
    assert agent.moby.run("agent", "stop", "--json").json == {"stopped": True}
    output, _ = agent.process.communicate(timeout=30)
    assert agent.process.returncode == 0
    assert "The agent runs in a Chrome without a window, for account acct_1." in output
    assert not (agent.moby.home / "config/agent.json").exists()
