"""A live server and a running sandbox that call each other, and people with proved phones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from telephony.models import Call
from tests.opening import live_sandbox as live_sandbox
from tests.opening import opening as opening
from tests.patience import patience_seconds
from tests.telephony.callers import OWN_PHONE, Person, makes_people
from tests.telephony.decks import DECK, HEADER
from tests.telephony.printing import printed
from tests.telephony.sandbox import VOICE, Sandbox, running_sandbox
from tests.telephony.webhooks import send


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """Fresh, and a hundred times as fast as life."""
    sandbox_process.post("reset")
    sandbox_process.post("speed", speed=100)
    return sandbox_process


@pytest.fixture
def deck(db: None, tmp_path: Path) -> Path:
    """A small price list in force."""
    path = tmp_path / "deck.csv"
    path.write_text(DECK)
    call_command("import_rates", str(path))
    return path


@pytest.fixture
def computer_calls(deck: Path, settings: Settings) -> None:
    """Set calls through the computer up, at $0.006 a minute for the computer's leg."""
    for name, value in VOICE.items():
        setattr(settings, name, value)
    deck.write_text(DECK + "0,Through the computer,001,internet,0.006,1,1,\n")
    call_command("import_rates", str(deck))


@pytest.fixture
def live(
    live_server: LiveServer,
    sandbox: Sandbox,
    deck: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[LiveServer]:
    """The product on a real port, which knows the sandbox and is known to it."""
    # A server thread lives as long as its HTTP connection; its database connection may not, or
    # the test database could not be dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.PUBLIC_URL = live_server.url
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = patience_seconds(request)
    yield live_server
    sandbox.fall_silent()


@pytest.fixture
def person(live: LiveServer) -> Callable[..., Person]:
    return makes_people(live.url)


@pytest.fixture
def local_person(deck: Path) -> Callable[..., Person]:
    """For what ends before Twilio is asked: no ports, no other process."""
    return makes_people("")


@pytest.fixture
def local_caller(local_person: Callable[..., Person], alice: User) -> Person:
    return local_person(alice, phone=OWN_PHONE, dollars=20)


@pytest.fixture
def caller(person: Callable[..., Person], alice: User) -> Person:
    """alice with a proved phone and twenty dollars."""
    return person(alice, phone=OWN_PHONE, dollars=20)


@pytest.fixture
def carrier(caller: Person, sandbox: Sandbox, computer_calls: None, settings: Settings) -> Sandbox:
    """The carrier, whose TwiML app leads to this product."""
    webhook = f"{settings.PUBLIC_URL}/webhooks/twilio/client"
    urls = {"voice_url": webhook, "status_callback": f"{webhook}/status"}
    sandbox.post("twilio", application=urls)
    return sandbox


@pytest.fixture
def closed(caller: Person, sandbox: Sandbox) -> str:
    """Germany is closed, and that is known. Return what the command said."""
    sandbox.post("twilio", closed_countries=["DE", "CU"])
    return printed("read_dialing_permissions")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., str]:
    """Import rows below the header. The function returns what the command printed."""

    def run(rows: str, *options: str, name: str = "deck.csv") -> str:
        path = tmp_path / name
        path.write_text(HEADER + rows)
        return printed("import_rates", str(path), *options)

    return run


@pytest.fixture
def report(caller: Person, sandbox: Sandbox, settings: Settings) -> Callable[..., str]:
    """Place a call. The function sends a webhook about it and returns the answer."""
    sandbox.post("speed", speed=1)
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    caller.call("020 7946 0018 ext 12", country="GB", max_seconds=150)

    def send_webhook(name: str, **fields: str) -> str:
        call = Call.objects.get()
        named = {"CallSid": "CA" + "b" * 32, "ParentCallSid": str(call.leg_a_sid)}
        if name != "child":
            named = {"CallSid": str(call.leg_a_sid)}
        path = f"/webhooks/twilio/call/{call.public_id}/{name}"
        token = settings.TWILIO_AUTH_TOKEN
        return send(path, named | fields, base=settings.PUBLIC_URL, token=token).text

    return send_webhook
