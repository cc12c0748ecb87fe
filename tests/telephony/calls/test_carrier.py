"""Calls that Twilio does not place."""

import pytest

from telephony.models import Call
from tests.telephony.callers import OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("twilio_code", "status", "code", "hint"),
    [
        (21210, 503, "provider_misconfigured", "Report support"),
        (21211, 422, "number_unreachable", "another phone of yours"),
        (21214, 422, "number_unreachable", "another phone of yours"),
        (21215, 403, "destination_blocked", "another phone of yours"),
        (21216, 403, "destination_blocked", "another phone of yours"),
        (21299, 422, "provider_refused", "nothing was charged"),
    ],
)
def test_call_that_twilio_refuses_sets_nothing_aside(
    caller: Person, sandbox: Sandbox, twilio_code: int, status: int, code: str, hint: str
) -> None:
    sandbox.phone(OWN_PHONE, call_error=twilio_code)
    refused = caller.call()
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (status, code)
    assert hint in error["hint"]
    assert (OWN_PHONE in error["message"]) == ("another phone" in hint)
    call = Call.objects.get(public_id=error["details"]["call_id"])
    assert (call.state, call.end_reason, call.cost_micros) == ("failed", code, 0)
    assert caller.balance.available_micros == 20_000_000
