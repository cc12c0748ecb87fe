"""How many questions the writes that ask Twilio ask of the database."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.counted import questions
from tests.telephony.conftest import Person
from tests.telephony.sandbox import Sandbox

pytestmark = pytest.mark.django_db
NEW_PHONE = "+447400123999"


@pytest.fixture
def caller_of_twilio(
    local_caller: Person, sandbox: Sandbox, settings: Settings
) -> Iterator[Person]:
    """alice, asking in-process, where questions are counted; only Twilio is elsewhere."""
    settings.TWILIO_API_URL = sandbox.url
    sandbox.post("webhooks/rules", pattern="*", action="drop", times=None)
    local_caller.get("rates/GB")  # notes that the token was used, and loads the prices
    yield local_caller
    sandbox.fall_silent()


def test_call_asks_twelve_questions_at_most(caller_of_twilio: Person) -> None:
    statuses = []
    number = questions(lambda: statuses.append(caller_of_twilio.call().status_code))
    assert statuses == [201]
    assert number <= 12


def test_proof_of_a_phone_asks_twelve_questions_at_most(
    caller_of_twilio: Person, sandbox: Sandbox
) -> None:
    asked = []

    def prove(path: str, **body: str) -> int:
        return questions(lambda: asked.append(caller_of_twilio.post(path, **body).status_code))

    numbers = [prove("caller-ids", number=NEW_PHONE)]
    numbers.append(prove("caller-ids/confirm", code=sandbox.code_for(NEW_PHONE)))
    assert all(status < 300 for status in asked), asked
    assert max(numbers) <= 12
