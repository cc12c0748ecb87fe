"""Twilio's webhooks: forged, repeated, reordered and lost."""

from itertools import permutations

import pytest
import requests
from django.core.management import call_command
from pytest_django import Settings
from twilio.request_validator import (  # type: ignore[import-untyped]  # the SDK has no types
    RequestValidator,
)

from telephony.models import Call, CallEvent
from tests.telephony.callers import Person, make_call
from tests.telephony.calls.unheard import deliver, play_unheard
from tests.telephony.sandbox import Sandbox
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


def test_end_that_was_reported_without_its_seconds_is_asked_again(
    caller: Person, sandbox: Sandbox
) -> None:
    played = play_unheard(caller, sandbox, "talk")
    sandbox.post("advance", seconds=600)  # the price is reported both times
    sandbox.fault("altered", "/Calls/CA*.json", method="GET", fields={"duration": None})
    call_command("reconcile_calls", "--call", played.call.public_id)
    assert Call.objects.get().settled_at is None
    call_command("reconcile_calls", "--call", played.call.public_id)
    assert caller.final(played.call.public_id)["duration_seconds"] == 65
