"""Calls whose webhooks did not arrive when they were played."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import requests
from pytest_django import Settings

from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.webhooks import send


@dataclass
class Played:
    """A call that the sandbox played to its end while we heard nothing but the TwiML request."""

    call: Call
    webhooks: list[dict[str, Any]]
    leg_a_seconds: int
    leg_b_seconds: int


def play_unheard(caller: Person, sandbox: Sandbox, ending: str) -> Played:
    sandbox.post("reset")
    sandbox.post("speed", speed=20 if ending == "hangup" else 500)
    sandbox.phone(DESTINATION, talk_seconds=3000 if ending == "hangup" else 65)
    if ending not in ("talk", "hangup"):
        own, _, outcome = ending.rpartition(" ")
        sandbox.phone(OWN_PHONE if own else DESTINATION, outcome=outcome)
    for pattern in ("*call.*", "*dial_action"):
        sandbox.post("webhooks/rules", pattern=pattern, action="drop")
    placed = caller.call()
    assert placed.status_code == 201, placed.json()
    call = Call.objects.get(public_id=placed.json()["call_id"])
    if ending == "hangup":
        hang_up_while_talking(caller, sandbox, call)
    sandbox.wait_until_idle()
    requests.delete(f"{sandbox.url}/control/webhooks/rules", timeout=10)
    told = [w for w in sandbox.get("webhooks")["webhooks"] if "twiml" not in w["kind"]]
    legs = sandbox.get("calls")["calls"]
    seconds = {leg["to"]: int(leg["duration"] or 0) for leg in legs}
    return Played(call, told, seconds[OWN_PHONE], seconds.get(DESTINATION, 0))


def hang_up_while_talking(caller: Person, sandbox: Sandbox, call: Call) -> None:
    def talks() -> bool:
        legs = sandbox.get("calls", number=DESTINATION)["calls"]
        return [leg["status"] for leg in legs] == ["in-progress"]

    wait_for(talks, "the talk")
    sandbox.post("advance", seconds=30)
    assert caller.post(f"calls/{call.public_id}/hangup").status_code == 200


def deliver(webhook: dict[str, Any], settings: Settings) -> None:
    """Send a webhook again, with a new signature. The bridge counts other seconds than its leg."""
    fields = dict(parse_qsl(webhook["body"], keep_blank_values=True))
    if "DialCallDuration" in fields:
        fields["DialCallDuration"] = str(int(fields["DialCallDuration"]) + 120)
    path = webhook["url"].removeprefix(settings.PUBLIC_URL).partition("#")[0]
    sent = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
    assert sent.status_code < 300, sent.text
