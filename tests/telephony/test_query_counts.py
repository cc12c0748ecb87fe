"""Count the queries of each endpoint of this room: 3 at most to read, 12 at most to write."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import User
from telephony.models import Call, CallerId
from tests.counted import questions
from tests.telephony.callers import DESTINATION, OWN_PHONE, Answer, Person, make_call
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]
READ, WRITE = 3, 12


@pytest.fixture
def somebody(local_caller: Person, sandbox: Sandbox, settings: Settings) -> Person:
    """Return a caller with twenty calls. Twilio's webhooks go nowhere: only requests count."""
    settings.TWILIO_API_URL, settings.PUBLIC_URL = sandbox.url, "http://localhost:9"
    for _ in range(20):
        make_call(local_caller.user, seconds=65)
    local_caller.get("calls")  # the deck is in memory from here on
    local_caller.post("quote", to=DESTINATION)
    return local_caller


def count(ask: Callable[[], Answer]) -> int:
    answers: list[Answer] = []
    number = questions(lambda: answers.append(ask()))
    assert answers[0].status_code < 400, answers[0].content
    return number


@pytest.mark.parametrize("path", ["calls", "calls/{call}", "caller-ids", "rates/GB"])
def test_reads_are_cheap(somebody: Person, path: str) -> None:
    call_id = Call.objects.latest("id").public_id
    assert count(lambda: somebody.get(path.format(call=call_id))) <= READ


def test_following_a_call_costs_two_queries(somebody: Person) -> None:
    call = Call.objects.latest("id")
    path = f"calls/{call.public_id}"
    assert somebody.get(path, after=call.version).status_code == 304
    assert count(lambda: somebody.get(path, after=call.version)) <= 2


def test_quote_and_number_check_read_only(somebody: Person) -> None:
    assert count(lambda: somebody.post("numbers/check", number=DESTINATION)) <= READ
    assert count(lambda: somebody.post("quote", to=DESTINATION)) <= 5


def test_writes_are_bounded(somebody: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    assert count(lambda: somebody.call(key="one")) <= WRITE
    call_id = Call.objects.latest("id").public_id
    assert count(lambda: somebody.post(f"calls/{call_id}/hangup")) <= WRITE
    assert count(lambda: somebody.post("caller-ids", number="+447400123999")) <= WRITE
    code = sandbox.code_for("+447400123999")
    # The phone may be shared with other accounts, and its owner is mailed.
    assert count(lambda: somebody.post("caller-ids/confirm", code=code)) <= 14
    second = CallerId.objects.get(e164="+447400123999").public_id
    # It commits what is intended and what came of it, around the request to the carrier.
    assert count(lambda: somebody.post(f"caller-ids/{second}/register", key="once")) <= 16
    assert count(lambda: somebody.post(f"caller-ids/{second}/default")) <= WRITE
    assert count(lambda: somebody.ask("DELETE", f"caller-ids/{second}")) <= WRITE


def test_own_phone_is_still_the_default(somebody: Person, alice: User) -> None:
    assert CallerId.objects.get(account=alice.account).e164 == OWN_PHONE


def test_calls_through_the_computer_are_as_cheap(computer_calls: None, somebody: Person) -> None:
    assert count(lambda: somebody.call(mode="computer", key="one")) <= WRITE
    call_id = Call.objects.latest("id").public_id
    assert count(lambda: somebody.post("voice/token", call_id=call_id)) <= READ
    assert count(lambda: somebody.post(f"calls/{call_id}/hangup")) <= WRITE
