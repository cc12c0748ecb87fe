"""A call is placed once, for its own account, or not at all."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import User
from telephony.models import Call
from tests.telephony.callers import OWN_PHONE, People, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_same_key_ten_times_at_once_is_one_call(caller: Person, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: caller.call(key="once"), range(10)))
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["call_id"] for a in answers if a.status_code == 201}) == 1
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


def test_strangers_see_nothing_of_a_call(caller: Person, person: People, charlie: User) -> None:
    call_id = caller.call().json()["call_id"]
    stranger = person(charlie)
    assert stranger.get(f"calls/{call_id}").status_code == 404
    assert stranger.post(f"calls/{call_id}/hangup").status_code == 404
    assert stranger.get("calls").json()["items"] == []


@pytest.mark.parametrize(
    ("twilio_code", "status", "code", "hint"),
    [
        (21210, 503, "provider_misconfigured", "Write to support"),
        (21211, 422, "number_unreachable", "another phone"),
        (21214, 422, "number_unreachable", "another phone"),
        (21215, 403, "country_closed", "another phone"),
        (21216, 403, "destination_blocked", "another phone"),
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
    reason = "your_phone_unreachable" if "another phone" in hint else code
    assert (call.state, call.end_reason, call.cost_micros) == ("failed", reason, 0)
    assert caller.balance.available_micros == 20_000_000
