"""SIGKILL at any moment of a call through this computer: of the agent, of moby, of the browser.

And a network that is lost. Whatever it was, the carrier's call ends, what was talked is paid for
and no more, nothing stays behind, and the next agent of this computer starts.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pexpect
import pytest

from dev.customer import Customer, Started
from dev.microphone import CHROMIUM
from dev.stack import Stack, direct_session, free_port, wait_until
from tests.journeys.agents import (
    browser_of,
    chromium_that_hears,
    processes,
    wait_until_ready,
)
from tests.journeys.computer import leg_of
from tests.journeys.line import Line

CALLED = "+442079460776"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.usefixtures("books_are_right"),
]
# The suite plays one of each kind, `make fuzz` all.
MOMENTS = [
    ("agent", "starting"),
    ("agent", "ringing"),
    ("moby", "answered"),
    ("browser", "answered"),
    ("network", "answered"),
]
OTHER_MOMENTS = [
    ("agent", "ready"),
    ("agent", "dialing"),  # a call that nothing starts holds its money for a minute
    ("agent", "answered"),
    ("agent", "ending"),
    ("moby", "quoting"),
    ("moby", "dialing"),
    ("network", "dialing"),
]
if os.environ.get("SWEEP") == "full":
    MOMENTS += OTHER_MOMENTS


def wait(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what, seconds=180)


@dataclass
class Computer:
    """Alice's computer, whose agent a test finds running and leaves running."""

    alice: Customer
    stack: Stack
    line: Line
    port: int
    agent: Started | None = None
    terminal: "pexpect.spawn[str] | None" = None
    stopping: Started | None = None
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.alice.moby("auth", "token").stdout.strip()
        host = f"http://{self.stack.host}:{self.line.port}"
        self.alice.env |= {"MOBY_HOST": host, "MOBY_TOKEN": self.token}

    def ask(self, path: str) -> dict[str, Any]:
        """Ask the product past the line."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.stack.web}/api/cli/v1/{path}"
        return dict(direct_session().get(url, headers=headers, timeout=30).json())

    def start_agent(self) -> None:
        self.agent = Started(self.alice, "agent", "run", "--headless")
        self.agent.wait_for("(The agent runs)")

    def end_agent(self) -> None:
        """Have none run, as one that was stopped."""
        if self.agent is not None:
            self.alice.moby("agent", "stop")
            self.agent.finish()
            self.agent = None

    def be_ready(self) -> None:
        if self.agent is None:
            self.start_agent()
        wait_until_ready(self.alice)

    def reach(self, killed: str, moment: str) -> None:
        """Go on to the moment at which something is killed, with a call where there is one."""
        outcome = "answer" if moment in ("answered", "ending") else "manual"
        self.stack.control("numbers", {"number": CALLED, "outcome": outcome})
        if killed == "moby" or moment == "starting":
            self.end_agent()
        if moment == "starting":
            self.start_agent()
        elif moment == "quoting":
            self.line.stop()
            self.call(by=killed)
            wait(lambda: self.line.holds("/quote"), "the question")
        elif moment == "dialing":
            # The carrier has the client, and asks the product late where its call goes.
            rule = {"pattern": "twilio:twiml", "action": "delay", "delay_seconds": 4}
            self.stack.control("webhooks/rules", rule)
            self.call(by=killed)
            wait(self.is_carried, "the client")
        elif moment != "ready":
            self.call_until(moment, by=killed)

    def call_until(self, moment: str, *, by: str) -> None:
        state = moment.replace("ending", "answered")
        self.call(by=by)
        wait(lambda: self.newest()["state"] == state, state)
        if moment == "ending":
            self.line.stop()
            self.stopping = Started(self.alice, "agent", "stop")
            wait(lambda: self.line.holds("/hangup"), "the end")

    def call(self, *, by: str) -> None:
        if by == "moby":
            words, env = ["call", CALLED, "--headless"], {**self.alice.env, "TERM": "xterm"}
            self.terminal = pexpect.spawn("moby", words, env=env)
        else:
            assert self.alice.moby("call", CALLED, "--json").json["mode"] == "computer"

    def is_carried(self) -> bool:
        return bool(self.stack.control("calls?running=1").json()["calls"])

    def newest(self) -> dict[str, Any]:
        calls = self.ask("calls?limit=1")["items"]
        return dict(calls[0]) if calls else {"state": None}

    def kill(self, killed: str) -> None:
        if killed == "network":
            self.line.cut()
            self.stack.control("clients", {"reachable": False})
        elif killed == "moby" and self.terminal is not None:
            self.terminal.kill(signal.SIGKILL)
            self.terminal.close()
        elif killed == "browser" and self.agent is not None:
            os.kill(browser_of(self.agent.process.pid), signal.SIGKILL)
        elif self.agent is not None:
            self.agent.process.kill()
            self.agent.finish()
            self.agent = None
        if self.stopping is not None:
            self.stopping.finish()
            self.stopping = None

    def mend(self) -> None:
        """Bring the network back, and the reports of the carrier that it held."""
        self.line.cut()
        self.line.restore()
        self.stack.control("clients", {"reachable": True})
        self.stack.session.delete(f"{self.stack.sandbox}/control/webhooks/rules")
        self.stack.control("webhooks/release", {})


@pytest.fixture(scope="module")
def computer(
    alice: Customer, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Computer]:
    before = dict(alice.env)
    program = chromium_that_hears(tmp_path_factory.mktemp("chromium"), 1000)
    alice.env |= {"MOBY_BROWSER": str(program), "MOBY_AGENT_PORT": str(free_port())}
    port = int(alice.env["MOBY_AGENT_PORT"])
    line = Line((stack.host, stack.port))
    stack.control("speed", {"speed": 1})
    stack.control("numbers", {"number": CALLED, "answer_after_seconds": 0.2, "talk_seconds": None})
    found = Computer(alice, stack, line, port)
    yield found
    found.mend()
    found.end_agent()
    stack.control("speed", {"speed": 40})
    line.close()
    alice.env.clear()
    alice.env |= before


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def carried_seconds(stack: Stack, call_id: str) -> int:
    """Return what the carrier counts of both legs of a call."""
    own = leg_of(stack, call_id)
    legs = stack.control("calls").json()["calls"]
    both = [leg for leg in legs if own["sid"] in (leg["sid"], leg["parent_call_sid"])]
    return sum(int(leg["duration"] or 0) for leg in both)


@pytest.mark.parametrize(("killed", "moment"), MOMENTS)
def test_kill_costs_what_was_talked_and_leaves_nothing_behind(
    killed: str, moment: str, computer: Computer, stack: Stack
) -> None:
    computer.be_ready()
    balance, last = computer.ask("balance"), computer.newest()
    computer.reach(killed, moment)
    computer.kill(killed)
    wait(lambda: not computer.is_carried(), "the carrier's end")
    computer.mend()
    wait(lambda: not computer.ask("balance")["held_cents"], "the end of the hold")
    call = computer.newest()
    if moment in ("starting", "ready", "quoting"):
        assert call == last
    else:
        assert call["call_id"] != last.get("call_id")
        talked_seconds = sum(leg["seconds"] for leg in call["receipt"]["legs"])
        assert talked_seconds == carried_seconds(stack, call["call_id"])
        assert (talked_seconds > 0) == (moment in ("answered", "ending"))
        left = Decimal(computer.ask("balance")["balance"])
        assert left == Decimal(balance["balance"]) - Decimal(call["cost"])
    if killed in ("agent", "moby"):
        wait(lambda: f"{computer.alice.home}/.config/moby/" not in processes(), "its browser")
        assert is_free(computer.port)
    computer.be_ready()
