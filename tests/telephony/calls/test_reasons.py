"""The reason of an end, where customers, support and the monitor look for it."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from telephony.models import Call
from tests.accounts.browser import sign_in
from tests.mobayilo.overview.support.pages import page_of
from tests.telephony.callers import OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import play
from tests.web.support_desk import desk_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
GERMAN = "+493012345678"
NOT_ANSWERED = {"pattern": "twilio:gather_action", "action": "drop"}
SITUATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "country_closed": {"twilio": {"closed_countries": ["DE"]}},
    "destination_blocked": {"twilio": {"high_risk_prefixes": ["+4930"]}},
    "caller_id_refused": {"twilio": {"refused_callers": [{}]}},
    "no_key": {"numbers": {"number": OWN_PHONE, "outcome": "voicemail"}},
    "not_bridged": {"webhooks/rules": NOT_ANSWERED},
    "your_phone_no_answer": {"numbers": {"number": OWN_PHONE, "outcome": "no-answer"}},
}


@pytest.mark.parametrize("reason", SITUATIONS)
def test_each_reader_finds_the_reason_of_an_end(
    caller: Person, sandbox: Sandbox, client: Client, settings: Settings, reason: str
) -> None:
    for path, content in SITUATIONS[reason].items():
        sandbox.post(path, **content)
    call = play(caller, sandbox, to=GERMAN, only_my_number=True)
    assert (call["end_reason"], call["receipt"]["total"]) == (reason, "0.00")
    assert (caller.balance.balance_micros, caller.balance.held_micros) == (20_000_000, 0)
    words = str(Call.EndReason(reason).label)
    assert words in sign_in(caller.user).get(f"/calls/{call['call_id']}").text
    assert words in desk_of("support").get(page_of(caller.user)).text
    settings.METRICS_TOKEN = "scrape-me"
    metrics = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).text
    assert f'mobayilo_calls_ended_last_hour{{reason="{reason}"}} 1.0' in metrics
