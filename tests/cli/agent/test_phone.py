"""The page that talks: how it enters, and what it is asked to do."""

import pytest

from moby.agent.phone import Report, reason_not_ready
from tests.cli.agent.calling import place
from tests.cli.agent.running import RunningAgent
from tests.cli.stubs import StubServer


def test_page_enters_once_and_its_secret_does_what_a_page_may(agent: RunningAgent) -> None:
    page = agent.open_page()
    assert agent.ask("POST", "/v1/page", {"code": agent.code}).status == 401
    assert agent.ask("POST", "/v1/stop", {}, secret=page.secret).status == 401
    reloaded = agent.ask("POST", "/v1/page", {"code": page.secret})
    assert reloaded.status == 200
    assert agent.ask("POST", "/v1/page/news", {}, secret=page.secret).status == 401


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
