"""A call through the agent, as the server answers it."""

from tests.cli import documents as d
from tests.cli.agent.running import Page, RunningAgent
from tests.cli.program import Ran
from tests.cli.stubs import StubServer

VOICE = {"call_id": "call_1", "token": "voice-token", "gateway": "ws://127.0.0.1:9"}
QUOTE = {**d.QUOTE, "mode": "computer"}
CALL = {**d.CALL, "mode": "computer", "poll_after_seconds": 3600}


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


def talking_page(agent: RunningAgent, server: StubServer) -> Page:
    """Return the page of the agent in a call that was answered."""
    page = agent.open_page()
    place(agent, server)
    page.report(call_id="call_1", state="talking")
    return page
