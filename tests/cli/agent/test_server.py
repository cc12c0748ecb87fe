"""The agent's server: who gets an answer, and which."""

import subprocess
from os import geteuid

import pytest

from dev.stack import wait_until
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.stubs import StubServer

FOREIGN = [
    {"host": "evil.example"},
    {"host": "evil.example:7788"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
]
ACTS = [
    ("/v1/stop", {}),
    ("/v1/calls", {"call_id": "call_1", "token": "t", "gateway": "wss://evil.example"}),
    ("/v1/calls/call_1/keys", {"keys": "1"}),
    ("/v1/calls/call_1/hangup", {}),
    ("/v1/page/news", {"microphone": "granted"}),
    ("/v1/page/orders", {"after": 0}),
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_foreign_name_or_site_gets_nothing_even_with_the_secret(
    agent: RunningAgent, headers: dict[str, str]
) -> None:
    for method, path, body in (
        ("GET", "/", None),
        ("GET", "/v1/agent", None),
        ("GET", "/v1/calls/call_1", None),
        ("POST", "/v1/page", {"code": agent.code}),
        ("POST", "/v1/stop", {}),
    ):
        answer = agent.ask(method, path, body, secret=agent.secret, **headers)
        assert answer.status in (403, 421), (method, path)
    assert agent.status()["running"] is True


def test_nothing_acts_without_the_secret(agent: RunningAgent) -> None:
    for path, body in ACTS:
        assert agent.ask("POST", path, body, secret="guessed").status == 401, path
    assert agent.ask("GET", "/v1/agent").json.keys() == {"program", "version"}
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert agent.ask("POST", "/v1/stop", {}, secret=agent.secret, **form).status == 415
    assert agent.status()["running"] is True


def test_page_enters_once_and_its_secret_does_what_a_page_may(agent: RunningAgent) -> None:
    page = agent.open_page()
    assert agent.ask("POST", "/v1/page", {"code": agent.code}).status == 401
    assert agent.ask("POST", "/v1/stop", {}, secret=page.secret).status == 401
    reloaded = agent.ask("POST", "/v1/page", {"code": page.secret})
    assert reloaded.status == 200
    assert agent.ask("POST", "/v1/page/news", {}, secret=page.secret).status == 401


def test_code_and_secret_are_in_no_list_of_processes(agent: RunningAgent) -> None:
    shown = (agent.browser / "arguments").read_text()
    assert "--remote-debugging-pipe" in shown
    assert agent.code not in shown
    assert agent.secret not in shown
    assert (agent.moby.home / "config/agent.json").stat().st_mode & 0o777 == 0o600


def test_page_loads_from_this_machine_alone(agent: RunningAgent) -> None:
    answer = agent.ask("GET", "/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "wss://*.twilio.com" in policy
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "://" not in answer.body
    for path in ("/page.js", "/page.css", "/twilio.min.js", "/silence.wav"):
        assert agent.ask("GET", path).status == 200
    assert agent.ask("GET", "/../agent.py").status == 404


@pytest.mark.skipif(geteuid() != 0, reason="acts as another user of the machine")
def test_another_user_of_the_machine_gets_no_page(agent: RunningAgent) -> None:
    request = f"GET / HTTP/1.0\\r\\nHost: 127.0.0.1:{agent.port}\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/{agent.port}; printf '{request}' >&3; cat <&3"
    command = ["/bin/bash", "-c", script]
    other = subprocess.run(command, user=65_534, capture_output=True, text=True, check=True)
    assert other.stdout.startswith("HTTP/1.0 403")
    own = subprocess.run(command, capture_output=True, text=True, check=True)
    assert own.stdout.startswith("HTTP/1.0 200")


@pytest.mark.parametrize(
    "gateway", ["wss://evil.example", "wss://twilio.com.evil.example", "http:"]
)
def test_voice_token_goes_to_no_foreign_gateway(agent: RunningAgent, gateway: str) -> None:
    page = agent.open_page()
    body = {"call_id": "call_1", "to": d.DESTINATION, "token": "voice", "gateway": gateway}
    assert agent.command("/v1/calls", body).status == 400
    assert page.orders == []


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


def test_state_of_a_call_is_all_that_an_id_shows(agent: RunningAgent, server: StubServer) -> None:
    later = {"poll_after_seconds": 3600}
    states = {
        "queued": None, "dialing": "dialing", "ringing": "dialing", "answered": "answered",
        "completed": "completed", "busy": "failed", "no_answer": "failed", "failed": "failed",
        "canceled": "failed",
    }  # fmt: skip
    for state in states:
        server.on("GET", f"calls/call_{state}", {**d.CALL, **later, "state": state, "cost": "0"})
        agent.command("/v1/calls", {"call_id": f"call_{state}"})
    wait_until(lambda: len(server.paths()) > len(states), "each state", seconds=30)
    for state, shown in states.items():
        agent.wait_for_state(f"call_{state}", shown)
    assert agent.ask("GET", "/v1/calls/call_unknown").status == 404
