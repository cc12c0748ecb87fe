"""The web process dies by SIGKILL at each step of placing and settling a call, and starts again."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import IdempotencyKey, User
from billing.models import Hold
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, Answer, Person, makes_people
from tests.telephony.processes import MortalServer
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.webhooks import PRICE

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = [
    "telephony.calls.place:place_hold:after",
    "telephony.calls.place:ring:before",
    "telephony.twilio.gateway:create_call:after",
    "telephony.calls.place:adopt:after",
    "telephony.webhooks:_may_ask:before",
    "telephony.webhooks:_may_ask:after",
    "telephony.webhooks:_may_bridge:before",
    "telephony.webhooks:_may_bridge:after",
    "telephony.calls.progress:_store:after",
    "telephony.webhooks:record_event:after",
    "telephony.calls.settlement:_close:after",
    "telephony.calls.settlement:capture_hold:after",
    "telephony.calls.progress:settle_if_ended:after",
]
HANGUP_POINTS = [
    "telephony.calls.hangup:request_hangup:after",
    "telephony.twilio.gateway:end_call:before",
    "telephony.twilio.gateway:end_call:after",
    "telephony.calls.hangup:record_answer:after",
]


@pytest.fixture(scope="module")
def loaded_server(sandbox_process: Sandbox, django_db_setup: None) -> Iterator[MortalServer]:
    server = MortalServer(TWILIO_API_URL=sandbox_process.url)
    yield server
    server.stop()


@pytest.fixture
def server(loaded_server: MortalServer, sandbox: Sandbox, deck: object) -> Iterator[MortalServer]:
    yield loaded_server
    sandbox.fall_silent()
    loaded_server.kill()


def call_until_answered(caller: Person, server: MortalServer) -> Answer:
    """Send the same request with the same key, as `moby` does, until the server answers it."""
    answer = None
    for _ in range(20):
        with contextlib.suppress(requests.RequestException):
            answer = caller.call(key="once")
            # A server that dies between the head and the body of an answer leaves it empty.
            if answer.status_code == 201 and answer.content:
                return answer
            # The waits until a dead request counts as one are long; time is turned instead.
            IdempotencyKey.objects.update(started_at=timezone.now() - timedelta(minutes=2))
            Call.objects.update(created_at=timezone.now() - timedelta(seconds=40))
        time.sleep(0.1)
        server.revive()
    raise AssertionError(f"the call was never placed: {answer and answer.json()}")


def let_it_end(server: MortalServer, sandbox: Sandbox) -> None:
    def is_over() -> bool:
        server.revive()
        return bool(sandbox.get("idle")["idle"])

    wait_for(is_over, "the call to end", seconds=90)
    Call.objects.exclude(reconcile_after=None).update(reconcile_after=timezone.now())
    call_command("reconcile_calls")


@pytest.mark.parametrize("point", POINTS)
def test_killed_server_places_and_bills_the_call_once(
    server: MortalServer, sandbox: Sandbox, alice: User, settings: Settings, point: str
) -> None:
    settings.TWILIO_API_URL, settings.PUBLIC_URL = sandbox.url, server.url
    sandbox.post("speed", speed=30)
    sandbox.phone(DESTINATION, talk_seconds=65)
    caller = makes_people(server.url)(alice, phone=OWN_PHONE, dollars=20)
    server.start(point)
    placed = call_until_answered(caller, server)
    let_it_end(server, sandbox)
    assert server.deaths == 1
    assert_billed_as_twilio_played_it(caller, sandbox, placed.json()["call_id"])


@pytest.mark.parametrize("point", HANGUP_POINTS)
def test_killed_server_ends_a_call_that_was_hung_up(
    server: MortalServer, sandbox: Sandbox, alice: User, settings: Settings, point: str
) -> None:
    settings.TWILIO_API_URL, settings.PUBLIC_URL = sandbox.url, server.url
    sandbox.post("speed", speed=30)
    sandbox.phone(DESTINATION, talk_seconds=3000)
    caller = makes_people(server.url)(alice, phone=OWN_PHONE, dollars=20)
    server.start(point)
    call_id = str(call_until_answered(caller, server).json()["call_id"])
    wait_for(lambda: Call.objects.get().state == "answered", "the answer")
    sandbox.post("advance", seconds=60)  # longer than a false answer
    with contextlib.suppress(requests.ConnectionError):
        caller.post(f"calls/{call_id}/hangup")
    wait_for(server.is_dead, "its death")
    server.revive()
    assert Call.objects.get().hangup_requested_at
    Call.objects.update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    assert sandbox.get("calls", running="1")["calls"] == []
    let_it_end(server, sandbox)
    assert_billed_as_twilio_played_it(caller, sandbox, call_id)


def assert_billed_as_twilio_played_it(caller: Person, sandbox: Sandbox, call_id: str) -> None:
    (own,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    far = [leg for leg in sandbox.get("calls", number=DESTINATION)["calls"] if leg["duration"]]
    cost = 0
    if far:
        cost = PRICE.leg_a.cost_micros(int(own["duration"]))
        cost += PRICE.leg_b.cost_micros(int(far[0]["duration"]))
    call = Call.objects.get(public_id=call_id)
    assert (call.leg_a_sid, call.cost_micros) == (own["sid"], cost)
    assert caller.balance.balance_micros == 20_000_000 - cost
    assert caller.balance.held_micros == 0
    assert not Hold.objects.filter(state=Hold.State.OPEN).exists()
    call_command("audit_ledger")
