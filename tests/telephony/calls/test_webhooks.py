"""Twilio's webhooks: forged, repeated, reordered and lost."""

from dataclasses import dataclass
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from twilio.request_validator import (  # type: ignore[import-untyped]  # the SDK has no types
    RequestValidator,
)

from billing.models import Hold
from telephony.models import Call, CallEvent
from tests.telephony.conftest import DESTINATION, OWN_PHONE, Person, make_call
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.webhooks import PRICE, send

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


STATUS = {"CallSid": "CA" + "1" * 32, "CallStatus": "completed", "CallDuration": "600"}


@pytest.mark.parametrize("name", ["twiml", "status", "child", "dial"])
def test_webhook_with_a_wrong_signature_changes_nothing(
    caller: Person, settings: Settings, name: str
) -> None:
    call = make_call(caller.user, settled_at=None, state="dialing", leg_a_status="")
    path = f"/webhooks/twilio/call/{call.public_id}/{name}"
    forged = send(path, STATUS, base=settings.PUBLIC_URL, token="not the token")
    unsigned = requests.post(f"{settings.PUBLIC_URL}{path}", data=STATUS, timeout=10)
    assert (forged.status_code, unsigned.status_code) == (403, 403)
    assert not CallEvent.objects.exists()
    assert Call.objects.get().version == call.version


def test_signature_of_another_call_does_not_fit(caller: Person, settings: Settings) -> None:
    call = make_call(caller.user, settled_at=None, state="dialing", leg_a_status="")
    other = f"{settings.PUBLIC_URL}/webhooks/twilio/call/call_other/status"
    token = settings.TWILIO_AUTH_TOKEN
    headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(other, STATUS)}
    url = f"{settings.PUBLIC_URL}/webhooks/twilio/call/{call.public_id}/status"
    assert requests.post(url, data=STATUS, headers=headers, timeout=10).status_code == 403


@pytest.mark.parametrize("name", ["status", "child", "twiml"])
def test_leg_of_another_call_is_not_taken(caller: Person, settings: Settings, name: str) -> None:
    other = make_call(caller.user, leg_a_sid="CA" + "1" * 32, leg_b_sid="CA" + "2" * 32)
    call = make_call(caller.user, settled_at=None, state="dialing", leg_a_status="")
    fields = {"CallSid": str(other.leg_b_sid if name == "child" else other.leg_a_sid)}
    fields |= {"CallStatus": "in-progress", "Timestamp": "yesterday"}
    path = f"/webhooks/twilio/call/{call.public_id}/{name}"
    told = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
    call.refresh_from_db()
    assert told.ok
    assert (call.leg_a_sid, call.leg_b_sid, call.state) == (None, None, "dialing")


def test_former_token_is_accepted_while_it_is_rotated(caller: Person, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN_FALLBACK = "the former token"
    call = make_call(caller.user, settled_at=None, state="dialing", leg_a_status="")
    path = f"/webhooks/twilio/call/{call.public_id}/status"
    sent = send(path, STATUS, base=settings.PUBLIC_URL, token="the former token")
    assert sent.status_code == 204
    assert CallEvent.objects.count() == 1


def test_second_call_of_the_same_id_is_never_bridged(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    sandbox.post("speed", speed=1)
    call_id = caller.call().json()["call_id"]
    fields = {"CallSid": "CA" + "9" * 32, "CallStatus": "in-progress"}
    path = f"/webhooks/twilio/call/{call_id}/twiml"
    asked = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
    assert "<Hangup" in asked.text
    assert "<Dial" not in asked.text
    assert Call.objects.get().bridged_at is None


@pytest.mark.parametrize(
    "gone", ["hold", "hangup", "settled", "frozen"], ids=lambda gone: f"no {gone}"
)
def test_bridge_needs_a_live_call_and_hold(
    caller: Person, sandbox: Sandbox, settings: Settings, gone: str
) -> None:
    sandbox.post("speed", speed=1)
    call_id = caller.call().json()["call_id"]
    call = Call.objects.get()
    now = timezone.now()
    match gone:
        case "hold":
            Hold.objects.update(expires_at=now)
        case "hangup":
            Call.objects.update(hangup_requested_at=now)
        case "frozen":
            type(caller.user.account).objects.update(frozen_at=now)
        case _:
            Call.objects.update(settled_at=now, leg_a_cost_micros=0, leg_b_cost_micros=0)
    fields = {"CallSid": str(call.leg_a_sid), "CallStatus": "in-progress"}
    path = f"/webhooks/twilio/call/{call_id}/twiml"
    asked = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
    assert "<Dial" not in asked.text


def test_bridge_says_the_minutes_and_dials_within_the_limits(
    caller: Person, sandbox: Sandbox
) -> None:
    caller.final(
        caller.call("020 7946 0018 ext 12", country="GB", max_seconds=150).json()["call_id"]
    )
    (leg,) = sandbox.get("calls", number=DESTINATION)["calls"]
    (own,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    created = sandbox.get("exchanges", provider="twilio")["exchanges"][0]["body"]
    assert "TimeLimit=200" in created  # 45 s of ringing, 5 s of Twilio's own, 150 s of talk
    assert leg["from"] == OWN_PHONE
    assert leg["digits_sent"] == "ww12"
    assert own["direction"] == "outbound-api"


@dataclass
class Played:
    """A call that the sandbox played to its end while we heard nothing but the TwiML request."""

    call: Call
    webhooks: list[dict[str, Any]]
    leg_a_seconds: int
    leg_b_seconds: int


# How the phones behave, and the state that the call ends in.
ENDINGS: dict[str, str] = {
    "talk": "completed",
    "hangup": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "own busy": "busy",
    "own no-answer": "no_answer",
    "own failed": "failed",
}


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
    """Once more, signed anew. The bridge counts its seconds in another way than its leg."""
    fields = dict(parse_qsl(webhook["body"], keep_blank_values=True))
    if "DialCallDuration" in fields:
        fields["DialCallDuration"] = str(int(fields["DialCallDuration"]) + 120)
    path = webhook["url"].removeprefix(settings.PUBLIC_URL).partition("#")[0]
    sent = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
    assert sent.status_code < 300, sent.text


@pytest.fixture
def unlimited(settings: Settings) -> None:
    settings.CALLS_PER_HOUR = settings.NEW_NUMBERS_PER_HOUR = 10_000
    settings.RATELIMIT_ENABLE = False


@hypothesis_settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.lists(st.integers(0, 20), max_size=20),
    ending=st.sampled_from(sorted(ENDINGS)),
)
@pytest.mark.usefixtures("unlimited")
def test_any_order_repetition_and_loss_of_webhooks_ends_the_same(
    caller: Person, sandbox: Sandbox, settings: Settings, order: list[int], ending: str
) -> None:
    balance_before = caller.balance.balance_micros
    played = play_unheard(caller, sandbox, ending)
    for position in order:
        deliver(played.webhooks[position % len(played.webhooks)], settings)
    Call.objects.exclude(reconcile_after=None).update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    assert_is_as_it_was(caller, played, ending, balance_before)


def assert_is_as_it_was(caller: Person, played: Played, ending: str, balance_before: int) -> None:
    """The bill by the sandbox's own record of both legs, worked out here."""
    final = caller.get(f"calls/{played.call.public_id}").json()
    cost = 0
    if played.leg_b_seconds:
        cost = PRICE.leg_a.cost_micros(played.leg_a_seconds)
        cost += PRICE.leg_b.cost_micros(played.leg_b_seconds)
    assert (final["state"], final["duration_seconds"]) == (ENDINGS[ending], played.leg_b_seconds)
    assert caller.balance.balance_micros == balance_before - cost
    assert caller.balance.held_micros == 0
    assert CallEvent.objects.filter(call=played.call).count() <= 16


@pytest.mark.parametrize("names", list(permutations(["status", "child", "dial"])), ids="-".join)
def test_bill_counts_the_leg_and_not_the_bridge(
    caller: Person, sandbox: Sandbox, settings: Settings, names: tuple[str, ...]
) -> None:
    played = play_unheard(caller, sandbox, "talk")
    for name in names:
        for webhook in played.webhooks:
            if webhook["url"].partition("#")[0].endswith(f"/{name}"):
                deliver(webhook, settings)
    assert caller.final(played.call.public_id)["duration_seconds"] == 65
    cost = PRICE.leg_a.cost_micros(played.leg_a_seconds) + PRICE.leg_b.cost_micros(65)
    assert caller.balance.balance_micros == 20_000_000 - cost


def test_end_that_was_told_without_its_seconds_is_asked_again(
    caller: Person, sandbox: Sandbox
) -> None:
    played = play_unheard(caller, sandbox, "talk")
    sandbox.post("advance", seconds=600)  # the price is told both times
    sandbox.fault("altered", "/Calls/CA*.json", method="GET", fields={"duration": None})
    call_command("reconcile_calls", "--call", played.call.public_id)
    assert Call.objects.get().settled_at is None
    call_command("reconcile_calls", "--call", played.call.public_id)
    assert caller.final(played.call.public_id)["duration_seconds"] == 65
