"""The call of `check_live --call`: each fault on the way of its two legs is named, and no other."""

from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from telephony.live_checks import ANSWER, PHONE, SECOND, SHOWN, place_trial_call
from telephony.models import Call
from tests.telephony.callers import OWN_PHONE
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
NUMBER = "+12025550100"
RULES, ACCOUNT, PHONES = "webhooks/rules", "twilio", "numbers"
# What is planted, and the only thing that is wrong then.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    (PHONES, {"number": OWN_PHONE, "outcome": "busy"}, PHONE),
    (PHONES, {"number": OWN_PHONE, "outcome": "no-answer"}, PHONE),
    (PHONES, {"number": OWN_PHONE, "call_error": 21217}, PHONE),
    (PHONES, {"number": OWN_PHONE, "talk_seconds": 1}, SECOND),
    (PHONES, {"number": NUMBER, "outcome": "busy"}, SECOND),
    (RULES, {"pattern": "*twiml", "action": "drop"}, ANSWER),
    (RULES, {"pattern": "*twiml", "action": "wrong_signature"}, ANSWER),
    (ACCOUNT, {"refused_callers": [{"caller": "*"}]}, SHOWN),
    (ACCOUNT, {"high_risk_prefixes": [NUMBER]}, SECOND),
    (ACCOUNT, {"closed_countries": ["US"]}, SECOND),
    (ACCOUNT, {"closed_countries": ["GB"]}, PHONE),
]


@pytest.fixture(autouse=True)
def _site(sandbox: Sandbox, live_server: LiveServer, settings: Settings) -> None:
    settings.PUBLIC_URL, settings.TWILIO_API_URL = live_server.url, sandbox.url
    sandbox.post("speed", speed=40)


def found() -> dict[str, bool | None]:
    return {one.subject: one.is_right for one in place_trial_call(OWN_PHONE, lambda _: None)}


def test_trial_call_reaches_both_legs_and_leaves_nothing_here(sandbox: Sandbox) -> None:
    assert found() == dict.fromkeys([PHONE, ANSWER, SECOND, SHOWN], True)
    first, second = sandbox.get("calls")["calls"]
    assert (first["from"], first["to"]) == (settings.TWILIO_FROM_NUMBER, OWN_PHONE)
    assert (second["from"], second["to"]) == (OWN_PHONE, settings.TWILIO_FROM_NUMBER)
    assert not Call.objects.exists()


@pytest.mark.parametrize(("path", "planted", "subject"), FAULTS)
def test_each_fault_of_the_trial_call_names_itself_and_no_other(
    sandbox: Sandbox, path: str, planted: dict[str, Any], subject: str
) -> None:
    sandbox.post(path, **planted)
    assert [name for name, is_right in found().items() if is_right is False] == [subject]


def test_answer_of_twilio_that_is_lost_rings_no_second_time(sandbox: Sandbox) -> None:
    sandbox.fault("close", "/Calls.json", method="POST", when="after")
    assert found() == {PHONE: False}
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


@pytest.mark.parametrize("text", ["999", "020 7946 0018", NUMBER, "+44"])
def test_only_a_whole_number_of_another_phone_is_rung(sandbox: Sandbox, text: str) -> None:
    with pytest.raises(CommandError, match="--call"):
        call_command("check_live", "--call", text)
    assert sandbox.get("calls")["calls"] == []
