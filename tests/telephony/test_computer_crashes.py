"""The web process dies by SIGKILL at each step of a call through the computer, by the real SDK."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Playwright
from pytest_django import Settings

from accounts.models import User
from dev.microphone import launch_with_microphone
from telephony.models import Call
from tests.sandbox.conftest import Receiver, running_receiver
from tests.sandbox.conftest import Sandbox as Control
from tests.sandbox.voice import Caller
from tests.telephony.callers import DESTINATION, OWN_PHONE, makes_people
from tests.telephony.computer import assert_billed_as_twilio_played_it
from tests.telephony.processes import MortalServer
from tests.telephony.sandbox import VOICE, Sandbox, wait_for
from tests.web.conftest import ARGUMENTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POINTS = [
    "telephony.webhooks:client_may_talk:before",
    "telephony.webhooks:client_may_talk:after",
    "telephony.webhooks:_may_bridge:before",
    "telephony.webhooks:_may_bridge:after",
    "telephony.webhooks:apply_report:after",
    "telephony.calls.progress:_store:after",
    "telephony.webhooks:record_event:after",
    "telephony.calls.settlement:_close:after",
    "telephony.calls.settlement:capture_hold:after",
    "telephony.calls.progress:settle_if_ended:after",
]


@pytest.fixture(scope="module")
def loaded_server(sandbox_process: Sandbox, django_db_setup: None) -> Iterator[MortalServer]:
    server = MortalServer(TWILIO_API_URL=sandbox_process.url, **VOICE)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def microphone(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("microphone")
    browser = launch_with_microphone(playwright, folder, tone_hz=1000, arguments=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page_server() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def server(
    loaded_server: MortalServer, sandbox: Sandbox, computer_calls: None, settings: Settings
) -> Iterator[MortalServer]:
    settings.TWILIO_API_URL, settings.PUBLIC_URL = sandbox.url, loaded_server.url
    webhook = f"{loaded_server.url}/webhooks/twilio/client"
    sandbox.post(
        "twilio", application={"voice_url": webhook, "status_callback": f"{webhook}/status"}
    )
    sandbox.post("speed", speed=30)
    sandbox.phone(DESTINATION, talk_seconds=None)
    yield loaded_server
    sandbox.fall_silent()
    loaded_server.kill()


@pytest.fixture
def computer(microphone: Browser, sandbox: Sandbox, page_server: Receiver) -> Iterator[Caller]:
    page = microphone.new_page()
    computer = Caller(page, Control(http=sandbox.url, smtp=0))
    computer.open(page_server)
    yield computer
    page.close()


@pytest.mark.parametrize("point", POINTS)
def test_killed_server_bills_what_was_talked_and_ends_the_hold(
    server: MortalServer, sandbox: Sandbox, alice: User, computer: Caller, point: str
) -> None:
    person = makes_people(server.url)(alice, phone=OWN_PHONE, dollars=20)
    server.start(point)
    call_id = str(person.call(mode="computer").json()["call_id"])
    token = person.post("voice/token", call_id=call_id).json()["token"]
    computer.call(token=token, call_id=call_id)
    wait_for(lambda: begins(server, computer), "the talk, or the end of the call")
    sandbox.post("advance", seconds=60)  # longer than an answer that costs nothing
    computer.do("call.disconnect()")
    wait_for(lambda: has_ended(server, sandbox), "the end of the call", seconds=90)
    wait_for(lambda: has_died(server), "the death")
    assert server.deaths == 1
    assert_billed_as_twilio_played_it(person, sandbox, call_id)


def begins(server: MortalServer, computer: Caller) -> bool:
    server.revive()
    return bool({"accept", "disconnect"} & set(computer.news))


def has_died(server: MortalServer) -> bool:
    server.revive()
    return server.deaths > 0


def has_ended(server: MortalServer, sandbox: Sandbox) -> bool:
    server.revive()
    if not sandbox.get("idle")["idle"]:
        return False
    Call.objects.exclude(reconcile_after=None).update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    return Call.objects.get().settled_at is not None
