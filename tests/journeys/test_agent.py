"""Calls from a terminal through this computer: moby's agent with a real Chromium and its sound."""

from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from playwright.sync_api import Browser, Playwright, expect

from dev.customer import Customer
from dev.microphone import CHROMIUM, launch_with_microphone
from dev.stack import Stack, free_port, wait_until
from tests.journeys.agents import (
    agent,
    chromium_that_hears,
    wait_for_state,
    wait_until_ready,
)
from tests.journeys.computer import leg_of

CALLED = "+442079460778"
MICROPHONE_HZ, CALLED_HZ = 1000, 700
# Keeps the sound of each call where the page of a test can measure it.
EAR = """
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...rest) {
      super(...rest);
      this.addEventListener("track", ({ streams }) => {
        const context = new AudioContext();
        window.ear = new AnalyserNode(context, { fftSize: 8192 });
        context.createMediaStreamSource(streams[0]).connect(ear);
      });
    }
  };
  window.heardHz = () => {
    if (!window.ear) return 0;
    const bins = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(bins);
    return (bins.indexOf(Math.max(...bins)) * ear.context.sampleRate) / ear.fftSize;
  };
"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.usefixtures("books_are_right"),
]


@pytest.fixture
def computer(
    alice: Customer, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[int]:
    """Alice's computer: a Chromium that hears a tone. Returns the port of its agent."""
    program = chromium_that_hears(tmp_path, MICROPHONE_HZ)
    port = free_port()
    for name, value in (("MOBY_BROWSER", str(program)), ("MOBY_AGENT_PORT", str(port))):
        monkeypatch.setitem(alice.env, name, value)
    number = {"number": CALLED, "answer_after_seconds": 0.5, "talk_seconds": None}
    stack.control("numbers", {**number, "outcome": "answer", "speaks_hz": CALLED_HZ})
    stack.control("speed", {"speed": 1})
    yield port
    alice.moby("agent", "stop")
    stack.control("speed", {"speed": 40})


def heard_by_callee(stack: Stack, call_id: str) -> str:
    """Return the keys that the other side of a call has heard."""
    own = leg_of(stack, call_id)["sid"]
    legs = stack.control("calls").json()["calls"]
    return "".join(leg["digits_heard"] for leg in legs if leg["parent_call_sid"] == own)


def wait_for_tone(stack: Stack, call_id: str, hz: int | None) -> None:
    path = f"calls/{leg_of(stack, call_id)['sid']}/sound"
    wait_until(
        lambda: stack.control(path).json()["frequency_hz"] == hz, f"{hz} Hz", seconds=60, every=0.05
    )


def test_script_of_a_caller_passes(alice: Customer, computer: int, stack: Stack) -> None:
    """Programs start the agent, ask for its state, call with and without it, and poll its port."""
    with agent(alice, "--headless"):
        wait_until_ready(alice)
        placed = alice.moby("call", "020 7946 0778", "--country", "GB", "--json")
        assert (placed.code, placed.json["mode"]) == (0, "computer"), placed.stderr
        name = placed.json["call_id"]
        wait_for_state(computer, name, "answered")
        wait_for_tone(stack, name, MICROPHONE_HZ)
        assert alice.moby("keys", "1#", "--json").code == 0
        wait_until(lambda: heard_by_callee(stack, name) == "1#", "the keys", seconds=60)
        assert alice.moby("calls", "hangup", name, "--json").code == 0
        wait_for_state(computer, name, "completed")
        stack.control("numbers", {"number": CALLED, "outcome": "busy"})
        stack.control("speed", {"speed": 40})
        back = alice.moby("call", CALLED, "--callback", "--json")
        assert (back.code, back.json["mode"]) == (0, "callback")
        wait_for_state(computer, back.json["call_id"], "failed")
        assert alice.moby("agent", "stop", "--json").json == {"stopped": True}


def test_terminal_sends_keys_mutes_and_hangs_up(
    alice: Customer, computer: int, stack: Stack
) -> None:
    child = pexpect.spawn(
        "moby", ["call", CALLED, "--headless"], encoding="utf-8", timeout=60, dimensions=(30, 80),
        env={**alice.env, "TERM": "xterm"},
    )  # fmt: skip
    child.expect("m mutes")
    child.expect(r"connected \d")
    name = alice.moby("calls", "list", "--json").json["items"][0]["call_id"]
    wait_for_tone(stack, name, MICROPHONE_HZ)
    child.send("\x1b[1;5C7")  # an arrow, whose digits are no keys
    child.send("m")
    child.expect("Muted")
    wait_for_tone(stack, name, None)
    child.send("m")
    child.expect("hear you again")
    stack.control(f"calls/{leg_of(stack, name)['sid']}/cut", {})

    def hears_the_key() -> bool:
        child.send("9")
        return "9" in heard_by_callee(stack, name)

    wait_until(hears_the_key, "the key", seconds=60, every=1.0)
    wait_for_tone(stack, name, MICROPHONE_HZ)
    child.send("h")
    child.expect("Total: ")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, set(heard_by_callee(stack, name))) == (0, {"9"})
    assert alice.moby("agent", "status", "--json").json["running"] is False


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("microphone")
    browser = launch_with_microphone(playwright, folder, tone_hz=MICROPHONE_HZ)
    yield browser
    browser.close()


def test_page_in_a_window_hears_the_other_side_and_hangs_up(
    alice: Customer, computer: int, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(alice.env, "SSH_TTY", "/dev/pts/0")  # prints the address, opens nothing
    with agent(alice) as running:
        page = browser.new_page()
        page.add_init_script(EAR)
        page.goto(running.wait_for(r"(http://127\.0\.0\.1:\d+/#\S+)"))
        expect(page.get_by_text("Ready. Leave this page open")).to_be_visible(timeout=60_000)
        name = alice.moby("call", CALLED, "--json").json["call_id"]
        expect(page.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
        hears = f"Math.abs(heardHz() - {CALLED_HZ}) < 12"
        wait_until(lambda: bool(page.evaluate(hears)), "the tone", seconds=60)
        page.get_by_role("button", name="Mute").click()
        expect(page.get_by_role("button", name="Muted")).to_be_visible()
        page.get_by_role("button", name="Hang up").click()
        wait_for_state(computer, name, "completed")
        expect(page.get_by_text("The call has ended.")).to_be_visible()
        alice.moby("agent", "stop")
        expect(page.get_by_text("moby has ended in your terminal")).to_be_visible(timeout=60_000)
        page.close()


def test_each_ending_has_the_exit_code_of_a_callback(
    alice: Customer, computer: int, stack: Stack
) -> None:
    with agent(alice, "--headless"):
        wait_until_ready(alice)
        stack.control("speed", {"speed": 20})
        for outcome, state in (("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")):
            stack.control("numbers", {"number": CALLED, "outcome": outcome})
            ran = alice.moby("call", CALLED, "--wait", "--json")
            assert (ran.code, ran.json["state"]) == (1, state), ran.stderr
            assert ran.json["receipt"]["total"] == "0.00"
        stack.control("numbers", {"number": CALLED, "outcome": "answer", "talk_seconds": 40})
        ran = alice.moby("call", CALLED, "--wait", "--json")
        assert (ran.code, ran.json["state"]) == (0, "completed")
