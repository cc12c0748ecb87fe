"""The browser dies by SIGKILL at each step of a call: none talks on, and the hold ends."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Error, Playwright, WebSocket, expect

from dev.microphone import launch_with_microphone
from telephony.models import Call
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.computer import assert_billed_as_twilio_played_it
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for
from tests.web.conftest import ARGUMENTS
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What the page asks of the site, or says to the carrier and hears from it, when the browser dies.
BEFORE_THE_TALK = [
    "asks for voice-token",
    "gets voice-token",
    "says listen",
    "says invite",
    "hears ringing",
    "hears answer",
]
IN_THE_TALK = ["says dtmf", "loses the carrier", "says hangup", "asks for hangup"]


@pytest.fixture
def browser(playwright: Playwright, tmp_path: Path) -> Iterator[Browser]:
    browser = launch_with_microphone(playwright, tmp_path, tone_hz=1000, arguments=ARGUMENTS)
    yield browser
    browser.close()


def follow(watched: Watched, note: Callable[[str], None]) -> None:
    """Note what the page asks of the site, and what it says to the carrier and hears from it."""

    def meet(link: WebSocket) -> None:
        link.on("framesent", lambda text: note(f"says {kind_of(text)}"))
        link.on("framereceived", lambda text: note(f"hears {kind_of(text)}"))
        link.on("close", lambda _: note("loses the carrier"))

    page = watched.page
    page.on("request", lambda one: note(f"asks for {one.url.rpartition('/')[2]}"))
    page.on("response", lambda one: note(f"gets {one.url.rpartition('/')[2]}"))
    page.on("websocket", meet)


def kind_of(text: str | bytes) -> str:
    """Return the type of a message to or from the carrier."""
    message = json.loads(text) if text.strip() else {}
    return str(message.get("type"))


@pytest.mark.parametrize("moment", BEFORE_THE_TALK + IN_THE_TALK)
def test_killed_browser_costs_what_was_talked_and_ends_the_hold(
    caller: Person, carrier: Sandbox, browser: Browser, moment: str
) -> None:
    carrier.post("speed", speed=5)
    carrier.phone(DESTINATION, talk_seconds=None, answer_after_seconds=0.5)
    call_id = str(caller.call(mode="computer").json()["call_id"])
    watched = Watched(browser, caller.url)
    watched.sign_in(caller.user)
    kill = killer_of(browser)
    follow(watched, lambda seen: kill() if seen == moment else None)
    with suppress(Error), watched.page.expect_event("close", timeout=60_000):
        watched.open(f"/calls/{call_id}#talk")
        if moment in IN_THE_TALK:
            expect(watched.page.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
            carrier.post("advance", seconds=60)  # longer than an answer that costs nothing
            lead_to(moment, watched, carrier)
    assert watched.page.is_closed()
    let_it_end(carrier)
    assert carrier.get("calls", running="1")["calls"] == []
    assert (Call.objects.get().leg_b_seconds or 0) >= 60 or moment in BEFORE_THE_TALK
    assert_billed_as_twilio_played_it(caller, carrier, call_id)


def lead_to(moment: str, watched: Watched, carrier: Sandbox) -> None:
    """Do what brings a page that talks to the moment of its death."""
    if moment == "says dtmf":
        watched.page.keyboard.press("5")
    elif moment == "loses the carrier":
        (leg,) = [one for one in carrier.get("calls")["calls"] if not one["parent_call_sid"]]
        carrier.post(f"calls/{leg['sid']}/cut")
    else:
        watched.page.get_by_role("button", name="Hang up").click()


def killer_of(browser: Browser) -> Callable[[], None]:
    """Return what kills the browser, also if it is dead already."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    (pid,) = [one["id"] for one in processes if one["type"] == "browser"]

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    return kill


def let_it_end(carrier: Sandbox) -> None:
    """Wait for the carrier, which hangs up seconds after its client, and turn time on for us."""
    carrier.wait_until_idle()
    Call.objects.filter(leg_a_sid=None).update(created_at=timezone.now() - timedelta(seconds=61))
    reconcile_now()
    wait_for(lambda: Call.objects.get().settled_at, "the call to settle")
