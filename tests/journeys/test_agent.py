"""Calls from a terminal through this computer: moby's agent with a real Chromium and its sound."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pytest
import requests
from playwright.sync_api import Browser, Playwright, expect

from dev.customer import Customer, Started
from dev.microphone import CHROMIUM, launch_with_microphone, microphone_arguments
from dev.stack import Stack, direct_session, free_port, wait_until

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
    arguments = " ".join(microphone_arguments(tmp_path, tone_hz=MICROPHONE_HZ))
    program = tmp_path / "chrome"
    program.write_text(f'#!/bin/sh\nexec {CHROMIUM} "$@" {arguments}\n')
    program.chmod(0o755)
    port = free_port()
    for name, value in (("MOBY_BROWSER", str(program)), ("MOBY_AGENT_PORT", str(port))):
        monkeypatch.setitem(alice.env, name, value)
    number = {"number": CALLED, "answer_after_seconds": 0.5, "talk_seconds": None}
    stack.control("numbers", {**number, "outcome": "answer", "speaks_hz": CALLED_HZ})
    stack.control("speed", {"speed": 1})
    yield port
    alice.moby("agent", "stop")
    stack.control("speed", {"speed": 40})


@contextmanager
def agent(alice: Customer, *words: str) -> Iterator[Started]:
    """Run the agent; end it however the test ends."""
    running = Started(alice, "agent", "run", *words)
    try:
        yield running
    finally:
        running.process.kill()
        running.finish()


def wait_until_ready(alice: Customer) -> None:
    def is_ready() -> bool:
        return bool(alice.moby("agent", "status", "--json").json["ready"])

    wait_until(is_ready, "the agent", seconds=60)


def state_at(port: int, call_id: str) -> str | None:
    """Return the state that a program on this machine is shown, None for 404."""
    answer = direct_session().get(f"http://127.0.0.1:{port}/v1/calls/{call_id}", timeout=10)
    return str(answer.json()["state"]) if answer.status_code == requests.codes.ok else None


def wait_for_state(port: int, call_id: str, state: str) -> None:
    wait_until(lambda: state_at(port, call_id) == state, state, seconds=60)


def leg_of(stack: Stack, call_id: str) -> dict[str, Any]:
    legs = stack.control("calls").json()["calls"]
    return next(leg for leg in legs if leg["from"] == f"client:{call_id}")


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


def wait_until_settled(alice: Customer, call_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def is_settled() -> bool:
        found.append(alice.moby("calls", "show", call_id, "--json").json)
        return bool(found[-1]["receipt"])

    wait_until(is_settled, "the receipt", seconds=90)
    return found[-1]


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


@pytest.mark.parametrize("killed", ["agent", "browser"])
def test_killed_part_ends_the_call_and_leaves_nothing_behind(
    alice: Customer, computer: int, killed: str
) -> None:
    folder = f"{alice.home}/.config/moby/agent-browser"
    with agent(alice, "--headless") as running:
        wait_until_ready(alice)
        name = alice.moby("call", CALLED, "--json").json["call_id"]
        wait_for_state(computer, name, "answered")
        victim = running.process.pid if killed == "agent" else browser_of(running.process.pid)
        os.kill(victim, signal.SIGKILL)
        assert wait_until_settled(alice, name)["state"] == "completed"
        if killed == "browser":
            wait_until_ready(alice)  # the agent starts another
            alice.moby("agent", "stop")
    wait_until(lambda: folder not in processes(), "the end of the browser", seconds=60)
    assert alice.moby("balance", "--json").json["held_cents"] == 0
    with agent(alice, "--headless"):
        wait_until_ready(alice)


def processes() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def browser_of(pid: int) -> int:
    command = ["ps", "-o", "pid=", "--ppid", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])
