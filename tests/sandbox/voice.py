"""A page with Twilio's own Voice SDK that calls through the sandbox."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped] # no types
from twilio.jwt.access_token import AccessToken  # type: ignore[import-untyped] # no types
from twilio.jwt.access_token.grants import VoiceGrant  # type: ignore[import-untyped] # no types

from dev.stack import ROOT
from tests.sandbox.conftest import (
    ACCOUNT_SID,
    API_KEY_SECRET,
    API_KEY_SID,
    CHARLIE,
    OUR_NUMBER,
    TWIML_APP_SID,
    Receiver,
    Sandbox,
    wait_for,
)

IDENTITY = "call_alice1"
VOICE_URL = "/webhooks/twilio/client"
SCRIPTS = ("js/sandbox_signal.js", "vendor/twilio-voice/twilio.min.js")
PAGE = Path(__file__).with_name("voice_page.html")


def voice_token(
    *, app: str = TWIML_APP_SID, secret: str = API_KEY_SECRET, ttl_seconds: int = 600
) -> str:
    token = AccessToken(ACCOUNT_SID, API_KEY_SID, secret, identity=IDENTITY, ttl=ttl_seconds)
    token.add_grant(VoiceGrant(outgoing_application_sid=app))
    return str(token.to_jwt())


def dial_charlie(receiver: Receiver, *, attributes: str = "") -> None:
    receiver.answers[VOICE_URL] = (
        200,
        f'<Response><Dial answerOnBridge="true" callerId="{OUR_NUMBER}" action="/after" '
        f"{attributes}><Number>{CHARLIE}</Number></Dial></Response>",
    )
    receiver.answers["/after"] = (200, "<Response><Hangup/></Response>")


@dataclass
class Caller:
    """Alice at her computer."""

    page: Page
    sandbox: Sandbox

    def open(self, receiver: Receiver) -> None:
        """Load the page from this machine: no other page may open connections to it."""
        signal = self.sandbox.http.removeprefix("http://")
        receiver.answers["/page"] = (200, PAGE.read_text().replace("SIGNAL", signal))
        for path in SCRIPTS:
            receiver.answers[f"/{path}"] = (200, (ROOT / "static" / path).read_text())
        self.page.goto(f"{receiver.url}/page")

    def call(self, *, token: str = "", **params: str) -> None:
        """Begin to call. Without a right token the SDK never gets so far, so nothing is awaited."""
        options = {"token": token or voice_token(), "params": {"call_id": IDENTITY, **params}}
        self.page.evaluate("options => void start(options)", options)

    def wait_for(self, news: str) -> None:
        self.page.wait_for_function(
            "text => news.some((one) => one.startsWith(text))", arg=news, timeout=60_000
        )

    @property
    def news(self) -> list[str]:
        seen: list[str] = self.page.evaluate("news")
        return seen

    def do(self, script: str) -> None:
        self.page.evaluate(script)

    def wait_until_heard(self, hz: int) -> None:
        """Return when the tone is the loudest in the sound that the page plays."""
        self.page.evaluate("listen()")
        self.page.wait_for_function(
            "hz => Math.abs(heardHz() - hz) < 12", arg=hz, timeout=60_000, polling=100
        )

    def end_calls(self) -> None:
        """Hang up whatever still runs, so that nothing of it reaches the next test."""
        for leg in self.sandbox.get("calls", running="1")["calls"]:
            with suppress(TwilioRestException):  # it has ended meanwhile
                self.sandbox.twilio.calls(leg["sid"]).update(status="completed")
        self.sandbox.wait_until_idle()

    def leg(self) -> dict[str, Any]:
        """Return the call record of Alice's own leg."""
        found: list[dict[str, Any]] = self.sandbox.get("calls")["calls"]
        return next(one for one in found if one["parent_call_sid"] is None)

    def callee(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.sandbox.get("calls", number=CHARLIE)["calls"]
        return found[0]

    def wait_until_charlie_hears(self, hz: int | None) -> None:
        """Return when the tone, or silence for None, is all that the far end hears."""
        path = f"calls/{self.leg()['sid']}/sound"
        wait_for(lambda: self.sandbox.get(path)["frequency_hz"] == hz)
