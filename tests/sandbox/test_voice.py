"""Calls through the computer, by Twilio's own Voice SDK in Chromium with a microphone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from dev.microphone import launch_with_microphone
from tests.sandbox.conftest import ALICE, CHARLIE, OUR_NUMBER, Receiver, Sandbox, running_sandbox
from tests.sandbox.voice import IDENTITY, VOICE_URL, Caller, dial_charlie, voice_token
from tests.web.conftest import ARGUMENTS

MICROPHONE_HZ, CHARLIE_HZ = 1000, 700
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("microphone")
    browser = launch_with_microphone(playwright, folder, tone_hz=MICROPHONE_HZ, arguments=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def caller(browser: Browser, sandbox: Sandbox, receiver: Receiver) -> Iterator[Caller]:
    """Alice at a page; Charlie picks up, speaks a tone, and stays on the line."""
    dial_charlie(receiver)
    sandbox.post("numbers", number=CHARLIE, talk_seconds=None, speaks_hz=CHARLIE_HZ)
    context = browser.new_context()
    caller = Caller(context.new_page(), sandbox)
    caller.open(receiver)
    yield caller
    caller.end_calls()
    context.close()


@pytest.fixture
def talking(caller: Caller) -> Caller:
    caller.call()
    caller.wait_for("accept")
    return caller


def test_each_side_hears_the_tone_of_the_other(talking: Caller) -> None:
    talking.wait_until_heard(CHARLIE_HZ)
    talking.wait_until_charlie_hears(MICROPHONE_HZ)
    assert talking.news == ["ringing", "accept"]


def test_keypad_tones_arrive(talking: Caller, sandbox: Sandbox) -> None:
    talking.do("call.sendDigits('12#')")
    talking.do("call.disconnect()")
    sandbox.wait_until_idle()
    assert talking.callee()["digits_heard"] == "12#"


def test_muted_microphone_is_silence(talking: Caller) -> None:
    talking.wait_until_charlie_hears(MICROPHONE_HZ)
    talking.do("call.mute(true)")
    talking.wait_until_charlie_hears(None)
    talking.do("call.mute(false)")
    talking.wait_until_charlie_hears(MICROPHONE_HZ)


def test_cut_connection_comes_back_and_the_call_goes_on(talking: Caller, sandbox: Sandbox) -> None:
    sandbox.post(f"calls/{talking.leg()['sid']}/cut")
    talking.wait_for("reconnected")
    talking.do("call.sendDigits('7')")
    talking.wait_until_heard(CHARLIE_HZ)
    talking.wait_until_charlie_hears(MICROPHONE_HZ)
    sandbox.post(f"calls/{talking.callee()['sid']}/hangup")
    talking.wait_for("disconnect")
    assert talking.callee()["digits_heard"] == "7"


def test_called_person_who_hangs_up_ends_the_call_of_the_page(
    talking: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.post(f"calls/{talking.callee()['sid']}/hangup")
    talking.wait_for("disconnect")
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=60)
    assert talking.leg()["status"] == "completed"
    assert float(talking.leg()["price"]) % 0.004 == pytest.approx(0, abs=1e-9)
    assert receiver.statuses(f"{VOICE_URL}/status") == ["completed"]


def test_page_that_hangs_up_ends_the_other_leg(talking: Caller, sandbox: Sandbox) -> None:
    talking.do("call.disconnect()")
    sandbox.wait_until_idle()
    assert (talking.leg()["status"], talking.callee()["status"]) == ("completed", "completed")


def test_page_that_is_closed_ends_the_call(talking: Caller, sandbox: Sandbox) -> None:
    talking.page.close()
    sandbox.wait_until_idle()
    assert (talking.leg()["status"], talking.callee()["status"]) == ("completed", "completed")


@pytest.mark.parametrize("outcome", ["busy", "no-answer"])
def test_number_that_does_not_answer_is_reported_to_the_action(
    caller: Caller, sandbox: Sandbox, receiver: Receiver, outcome: str
) -> None:
    sandbox.post("numbers", number=CHARLIE, outcome=outcome)
    caller.call()
    caller.wait_for("disconnect")
    assert receiver.at("/after")[0].fields["DialCallStatus"] == outcome
    assert "accept" not in caller.news


def test_caller_who_gives_up_while_it_rings_cancels_the_call(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.post("numbers", number=CHARLIE, outcome="manual")
    with sandbox.slowed():
        caller.call()
        caller.wait_for("ringing")
        caller.do("call.disconnect()")
    sandbox.wait_until_idle()
    assert (caller.leg()["status"], caller.callee()["status"]) == ("canceled", "canceled")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"secret": "x" * 32}, 20101),
        ({"app": "AP" + "9" * 32}, 20101),
        ({"ttl_seconds": -1}, 20104),
    ],
)
def test_token_that_is_not_right_starts_no_call(
    caller: Caller, sandbox: Sandbox, wrong: dict[str, Any], code: int
) -> None:
    """The SDK makes 20101 of the signalling's 31204, and 20104 of its 31205."""
    caller.call(token=voice_token(**wrong))
    caller.wait_for(f"error {code}")
    assert sandbox.get("calls")["calls"] == []


def test_page_cannot_write_the_fields_that_twilio_writes(
    caller: Caller, receiver: Receiver, sandbox: Sandbox
) -> None:
    caller.call(From=ALICE, CallSid="CA1", ApplicationSid="AP1", Direction="outbound-api")
    caller.wait_for("accept")
    sent = receiver.at(VOICE_URL)[0].fields
    assert (sent["From"], sent["call_id"]) == (f"client:{IDENTITY}", IDENTITY)
    assert (sent["CallSid"], sent["Direction"]) == (caller.leg()["sid"], "inbound")


def test_client_shows_a_number_of_the_account_and_no_other(
    caller: Caller, receiver: Receiver, sandbox: Sandbox
) -> None:
    answer = receiver.answers[VOICE_URL][1]
    receiver.answers[VOICE_URL] = (200, answer.replace(OUR_NUMBER, ALICE))
    caller.call()
    caller.wait_for("disconnect")
    assert [one["error_code"] for one in sandbox.get("troubles")["troubles"]] == ["13214"]


def test_rejected_call_costs_nothing(caller: Caller, receiver: Receiver, sandbox: Sandbox) -> None:
    receiver.answers[VOICE_URL] = (200, "<Response><Reject/></Response>")
    caller.call()
    caller.wait_for("disconnect")
    sandbox.post("advance", seconds=60)
    assert (caller.leg()["status"], caller.leg()["price"]) == ("no-answer", None)


def test_sandbox_without_sound_names_the_package_that_it_needs(
    browser: Browser, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "aiortc.py").write_text("raise ImportError('not installed')")
    page = browser.new_page()
    with running_sandbox(receiver, PYTHONPATH=str(tmp_path)) as sandbox:
        caller = Caller(page, sandbox)
        caller.open(receiver)
        caller.call()
        caller.wait_for("disconnect")
        assert "it needs aiortc" in str(caller.news)
        assert sandbox.get("calls")["calls"] == []
    page.close()
