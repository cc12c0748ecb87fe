"""The agent's server: who gets an answer, and which."""

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


@pytest.mark.parametrize(
    "gateway", ["wss://evil.example", "wss://twilio.com.evil.example", "http:"]
)
def test_voice_token_goes_to_no_foreign_gateway(agent: RunningAgent, gateway: str) -> None:
    page = agent.open_page()
    body = {"call_id": "call_1", "to": d.DESTINATION, "token": "voice", "gateway": gateway}
    assert agent.command("/v1/calls", body).status == 400
    assert page.orders == []


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
