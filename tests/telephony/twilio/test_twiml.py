"""Instructions to Twilio when the customer has picked up."""

from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing.models import Hold
from sandbox.twilio.twiml import WORDS_PER_SECOND
from telephony.models import Call
from telephony.pricing import KEY_WAIT_SECONDS, QUESTION_SECONDS, SPOKEN_SECONDS
from telephony.twilio.twiml import bridge_again
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.webhooks import Report, send

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


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


def test_star_on_the_phone_ends_no_call(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=10)
    sandbox.phone(DESTINATION, talk_seconds=60)
    call_id = caller.call().json()["call_id"]
    wait_for(lambda: Call.objects.get().state == "answered", "the answer")
    sandbox.post(f"calls/{Call.objects.get().leg_a_sid}/star")
    assert caller.final(call_id)["duration_seconds"] == 60


def test_bridge_says_the_minutes_and_dials_within_the_limits(
    caller: Person, sandbox: Sandbox
) -> None:
    caller.final(
        caller.call("020 7946 0018 ext 12", country="GB", max_seconds=150).json()["call_id"]
    )
    (leg,) = sandbox.get("calls", number=DESTINATION)["calls"]
    (own,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    created = sandbox.get("exchanges", provider="twilio")["exchanges"][0]["body"]
    # The question, the other sentences, 45 s of ringing twice, 5 s of Twilio's own, 150 s of talk.
    assert f"TimeLimit={30 + 15 + 95 + 150}" in created
    assert "Timeout=25" in created
    assert leg["from"] == OWN_PHONE
    assert leg["digits_sent"] == "ww12"
    assert own["direction"] == "outbound-api"


def test_bridge_says_the_minutes_and_sets_the_limits(report: Report) -> None:
    document = report("key", CallStatus="in-progress", Digits="1")
    said, dial = ET.fromstring(document)  # noqa: S314 - our own
    assert said.text == "You have 2 minutes and 30 seconds."
    shown = {name: dial.get(name) for name in ("timeLimit", "timeout", "callerId")}
    assert shown == {"timeLimit": "150", "timeout": "45", "callerId": OWN_PHONE}
    (number,) = dial
    assert (number.text, number.get("sendDigits")) == (DESTINATION, "ww12")


def test_question_names_the_end_of_the_number_and_waits_for_one_key(report: Report) -> None:
    (gather,) = ET.fromstring(report("twiml", CallStatus="in-progress"))  # noqa: S314 - our own
    (said,) = gather
    assert (said.text, said.get("language")) == (
        "Press 1 to call the number ending in 0 0 1 8.",
        "en-US",
    )
    asked = {name: gather.get(name) for name in ("numDigits", "timeout", "finishOnKey")}
    assert asked == {"numDigits": "1", "timeout": "7", "finishOnKey": ""}
    assert gather.get("actionOnEmptyResult") == "true"


def test_sentences_are_spoken_in_the_time_that_is_left_for_them(report: Report) -> None:
    (gather,) = ET.fromstring(report("twiml", CallStatus="in-progress"))  # noqa: S314 - our own
    question_seconds = len((gather[0].text or "").split()) / WORDS_PER_SECOND
    assert 2 * (question_seconds + KEY_WAIT_SECONDS) < QUESTION_SECONDS
    limits = [report("key", CallStatus="in-progress", Digits="1"), bridge_again(Call.objects.get())]
    words = " ".join(ET.fromstring(one)[0].text or "" for one in limits)  # noqa: S314 - our own
    assert len(words.split()) / WORDS_PER_SECOND < SPOKEN_SECONDS
