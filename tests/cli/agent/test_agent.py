"""The agent's life, and the calls that it is given."""

import json

import pytest

from dev.stack import free_port, wait_until
from moby.api.client import BASE_PATH
from tests.cli import documents as d
from tests.cli.agent.calling import CALL, QUOTE, VOICE, place, script_call, talking_page
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

OTHERS = {**d.STATUS, "account": {**d.STATUS["account"], "id": "acct_2"}}


@pytest.mark.usefixtures("signed_in")
def test_page_that_was_closed_opens_again_for_a_call(moby: Moby, server: StubServer) -> None:
    moby.env["MOBY_AGENT_PORT"] = str(free_port())
    server.on("GET", "status", d.STATUS)
    running = moby.start("agent", "run", SSH_TTY="/dev/pts/0")
    try:
        wait_until(
            lambda: bool(moby.run("agent", "status", "--json").json["running"]), "it", seconds=30
        )
        server.on("GET", "status", d.STATUS)
        server.on("POST", "quote", QUOTE)
        ran = moby.run("call", d.DESTINATION, "--json")
    finally:
        running.terminate()
        _, shown = running.communicate(timeout=30)
    assert ran.error["code"] == "agent_not_ready"
    [opened] = moby.opened
    assert opened.startswith(f"http://127.0.0.1:{moby.env['MOBY_AGENT_PORT']}/#")
    assert "http://127.0.0.1:" in shown
    assert opened not in shown


def test_call_goes_through_the_agent_of_this_account(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    ran = place(agent, server)
    assert (ran.code, ran.json["mode"]) == (0, "computer")
    order = page.wait_for("call")
    assert (order["token"], order["gateway"]) == ("voice-token", "ws://127.0.0.1:9")
    bodies = {r.path.removeprefix(BASE_PATH): r for r in server.received if r.method == "POST"}
    assert bodies["quote"].json["mode"] == bodies["calls"].json["mode"] == "computer"
    assert d.TOKEN not in json.dumps(page.orders)


def test_agent_and_its_commands_show_no_secret_at_the_highest_verbosity(
    agent: RunningAgent, server: StubServer
) -> None:
    agent.end()
    server.on("GET", "status", d.STATUS)
    agent.start("-vvv")
    page = agent.open_page()
    secrets = [agent.secret, agent.code, page.secret, d.TOKEN, str(VOICE["token"])]
    script_call(server)
    lines = ["call", d.DESTINATION], ["agent", "status"], ["keys", "1"]
    ran = [agent.moby.run(*words, "-vvv") for words in lines]
    agent.wait_for_state("call_1", "dialing")
    agent.process.kill()
    shown = "".join([*agent.process.communicate(timeout=30), *(r.stdout + r.stderr for r in ran)])
    assert "POST " in shown
    assert not [secret for secret in secrets if secret in shown]


def test_person_who_hangs_up_on_the_page_ends_the_call_at_the_server(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    place(agent, server)
    server.on("POST", "calls/call_1/hangup", {**d.COMPLETED, "mode": "computer"})
    server.on("GET", "calls/call_1", {**d.COMPLETED, "mode": "computer"})
    page.report(call_id="call_1", state="ended", is_hung_up=True)
    agent.wait_for_state("call_1", "completed")


def test_page_that_is_gone_in_a_call_ends_it_at_the_server(
    agent: RunningAgent, server: StubServer
) -> None:
    agent.open_page(until="call")
    place(agent, server)
    server.on("POST", "calls/call_1/hangup", {**d.COMPLETED, "mode": "computer"})
    server.on("GET", "calls/call_1", {**d.COMPLETED, "mode": "computer"})
    agent.wait_for_state("call_1", "completed")
    assert agent.status()["ready"] is False


def test_page_gets_another_voice_token_for_a_long_call(
    agent: RunningAgent, server: StubServer
) -> None:
    page = talking_page(agent, server)
    server.on("POST", "voice/token", {**VOICE, "token": "second-token"})
    page.report(call_id="call_1", wants_token=True)
    assert page.wait_for("token")["token"] == "second-token"


def test_call_without_a_voice_token_is_hung_up(agent: RunningAgent, server: StubServer) -> None:
    page = agent.open_page()
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", QUOTE)
    server.on("POST", "calls", CALL, status=201)
    server.refuse("POST", "voice/token", 409, "call_not_waiting")
    server.on("POST", "calls/call_1/hangup", {**CALL, "state": "canceled"})
    ran = agent.moby.run("call", d.DESTINATION, "--json")
    assert (ran.code, ran.error["code"]) == (1, "call_not_waiting")
    assert page.orders == []


def test_callback_stays_one_beside_an_agent_that_knows_its_state(
    agent: RunningAgent, server: StubServer
) -> None:
    agent.open_page()
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    server.on("GET", "calls/call_1", d.BUSY)
    ran = agent.moby.run("call", d.DESTINATION, "--callback", "--json")
    assert (ran.code, ran.json["mode"]) == (0, "callback")
    agent.wait_for_state("call_1", "failed")


@pytest.mark.parametrize("words", [(), ("--profile", "work")])
def test_agent_of_another_account_or_profile_is_not_used(
    agent: RunningAgent, server: StubServer, words: tuple[str, ...]
) -> None:
    agent.open_page()
    if not words:
        server.on("GET", "status", OTHERS)
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    ran = agent.moby.run("call", d.DESTINATION, "--json", *words)
    assert ran.json["mode"] == "callback"
    assert "mode" not in server.received[-1].json


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    "words", [("--computer",), ("--headless", "--wait"), ("--computer", "--json")]
)
def test_computer_without_agent_and_terminal_names_the_agent(
    moby: Moby, server: StubServer, words: list[str]
) -> None:
    ran = moby.run("call", d.DESTINATION, *words)
    assert ran.code == 1
    assert "moby agent run" in ran.stderr
    assert server.received == []


@pytest.mark.usefixtures("signed_in")
def test_setting_of_the_mode_is_under_the_option(moby: Moby, server: StubServer) -> None:
    moby.run("config", "set", "call-mode", "Computer")
    assert moby.run("call", d.DESTINATION, "--json").error["code"] == "agent_not_running"
    for words, mode in ((("--callback",), "callback"), (("--computer",), "computer")):
        server.on("POST", "quote", d.QUOTE)
        moby.run("call", d.DESTINATION, "--dry-run", *words)
        assert server.received[-1].json["mode"] == mode
    both = moby.run("call", d.DESTINATION, "--callback", "--computer", "--json")
    assert (both.code, both.error["code"]) == (2, "usage")
    assert both.error["message"] == "--callback and --computer cannot go together"


@pytest.mark.usefixtures("signed_in")
def test_setting_of_the_account_decides_on_a_terminal_alone(moby: Moby, server: StubServer) -> None:
    """A script cannot keep a call through the computer, and went by callback before."""
    server.on("POST", "quote", d.QUOTE)
    moby.run("call", d.DESTINATION, "--dry-run", "--wait")
    assert "mode" not in server.received[-1].json
    server.on("POST", "quote", QUOTE)
    server.on("GET", "status", d.STATUS)
    moby.env["MOBY_AGENT_PORT"] = str(free_port())
    child = moby.spawn("call", d.DESTINATION)
    child.expect("Allow the microphone")
    child.sendcontrol("c")
    _, code = finish(child)
    quote, status = server.received[1:]  # and nothing is placed
    assert (code, quote.json["mode"], status.method) == (130, "account", "GET")
