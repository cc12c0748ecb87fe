"""The agent's life, and the calls that it is given."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from dev.stack import free_port, wait_until
from moby.agent.phone import Report, reason_not_ready
from moby.api.client import BASE_PATH
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby, Ran
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

VOICE = {"call_id": "call_1", "token": "voice-token", "gateway": "ws://127.0.0.1:9"}
QUOTE = {**d.QUOTE, "mode": "computer"}
CALL = {**d.CALL, "mode": "computer", "poll_after_seconds": 3600}
OTHERS = {**d.STATUS, "account": {**d.STATUS["account"], "id": "acct_2"}}


def script_call(server: StubServer) -> None:
    """Script what a call through the agent asks of the server."""
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", QUOTE)
    server.on("POST", "calls", CALL, status=201)
    server.on("POST", "voice/token", VOICE)
    server.on("GET", "calls/call_1", {**CALL, "state": "dialing", "version": 2})


def place(agent: RunningAgent, server: StubServer, *words: str) -> Ran:
    """Call through the agent. Returns once it has asked for the state of the call."""
    script_call(server)
    ran = agent.moby.run("call", d.DESTINATION, "--json", *words)
    agent.wait_for_state("call_1", "dialing")
    return ran


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


def test_second_agent_of_a_user_says_so(agent: RunningAgent, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    ran = agent.moby.run("agent", "run", "--headless", "--json")
    assert (ran.code, ran.error["code"]) == (1, "agent_running")
    assert agent.status()["running"] is True


@pytest.mark.usefixtures("signed_in")
def test_foreign_program_on_the_port_is_named(moby: Moby, server: StubServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.on("GET", "status", d.STATUS)
        port = str(taken.getsockname()[1])
        browser = {"MOBY_BROWSER": "/bin/true", "MOBY_AGENT_PORT": port}
        ran = moby.run("agent", "run", "--headless", "--json", **browser)
    assert (ran.code, ran.error["code"]) == (1, "port_taken")
    assert f"process {os.getpid()}" in ran.error["message"]


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


def test_stop_ends_the_agent_and_waits_for_it(agent: RunningAgent) -> None:
    assert agent.moby.run("agent", "stop", "--json").json == {"stopped": True}
    output, _ = agent.process.communicate(timeout=30)
    assert agent.process.returncode == 0
    assert "The agent runs in a Chrome without a window, for account acct_1." in output
    assert not (agent.moby.home / "config/agent.json").exists()


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


def test_second_call_waits_for_the_first_and_is_not_placed(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    place(agent, server)
    page.report(call_id="call_1", state="talking")
    server.on("GET", "status", d.STATUS)
    server.on("POST", "quote", QUOTE)
    busy = agent.moby.run("call", d.DESTINATION, "--json")
    assert (busy.code, busy.error["code"]) == (1, "agent_busy")
    assert "moby calls hangup call_1" in busy.error["hint"]


def test_repeated_call_goes_on_and_does_not_begin_again(
    agent: RunningAgent, server: StubServer
) -> None:
    page = agent.open_page()
    for _ in range(2):
        place(agent, server, "--idempotency-key", "k1")
        page.wait_for("call")
        page.report(call_id="call_1", state="talking")
    server.forget()  # the agent asked for the state once
    agent.moby.run("keys", "1")
    page.wait_for("keys")
    assert [order["kind"] for order in page.orders] == ["call", "keys"]


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
    page = agent.open_page()
    place(agent, server)
    page.report(call_id="call_1", state="talking")
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


@pytest.mark.parametrize(
    ("page", "microphone", "reason"),
    [
        (False, "unknown", "its page is not open"),
        (True, "unknown", "its page asks for the microphone"),
        (True, "missing", "its microphone is missing"),
        (True, "granted", None),
    ],
)
def test_reason_says_what_a_call_waits_for(page: bool, microphone: str, reason: str | None) -> None:
    seen: Report = {"ready": reason is None, "page": page, "microphone": microphone, "call": None}
    assert reason_not_ready(seen) == reason


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
