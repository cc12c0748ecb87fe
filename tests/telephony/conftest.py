"""A live server and a running sandbox that call each other, and people with proved phones."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.guards import Guards
from accounts.models import AccessToken, User
from accounts.scopes import DEVICE_DEFAULT
from accounts.tokens.lifecycle import TokenSpec, create_token
from billing import ledger
from billing.models import Book, Transfer
from telephony.models import Call, CallerId, RateDeck
from telephony.pricing import CallPrice, Price
from tests.telephony.sandbox import Sandbox, running_sandbox, wait_for

OWN_PHONE = "+447400123456"
DESTINATION = "+442079460018"
HEADER = (
    "prefix,description,country,kind,price_per_minute,first_seconds,next_seconds,effective_from\n"
)
DECK = HEADER + (
    "44,United Kingdom,GB,fixed,0.012,60,60,\n"
    "447,United Kingdom mobile,GB,mobile,0.03,30,6,\n"
    "1,United States,US,fixed,0.01,1,1,\n"
    "49,Germany,DE,fixed,0.02,60,60,\n"
    "4915,Germany mobile,DE,mobile,0.25,1,1,\n"
    "960,Maldives,MV,fixed,1.90,60,60,\n"
    "870,Inmarsat,001,satellite,9.00,60,60,\n"
)


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


class Answer(Protocol):
    """What `requests` and Django's test client both give."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...

    def json(self) -> Any: ...  # noqa: ANN401 - whatever the body holds


@dataclass
class Person:
    """Somebody with a token, asking the API at its port, or in-process without one."""

    user: User
    secret: str
    url: str

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        path = f"/api/cli/v1/{path}"
        if self.url:
            url = f"{self.url}{path}"
            answer: Answer = requests.request(method, url, headers=headers, timeout=30, **options)
            return answer
        body = json.dumps(options.get("json", {}))
        options = {"query_params": options.get("params")}
        kind = "application/json"
        local: Answer = Client().generic(method, path, body, kind, headers=headers, **options)
        return local

    def get(self, path: str, **parameters: Any) -> Answer:
        return self.ask("GET", path, params=parameters)

    def post(self, path: str, *, key: str = "", **body: Any) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self.ask("POST", path, json=body, headers=headers)

    def call(self, to: str = DESTINATION, **more: Any) -> Answer:
        return self.post("calls", to=to, **more)

    def final(self, call_id: str) -> dict[str, Any]:
        """The call once it is settled."""
        wait_for(lambda: Call.objects.get(public_id=call_id).settled_at, f"{call_id} to settle")
        return dict(self.get(f"calls/{call_id}").json())

    @property
    def balance(self) -> ledger.Balance:
        return ledger.balance_of(self.user.account)

    @property
    def token(self) -> AccessToken:
        return AccessToken.objects.get(user=self.user)


@pytest.fixture
def live(
    live_server: LiveServer,
    sandbox: Sandbox,
    deck: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveServer]:
    """The product on a real port, which knows the sandbox and is known to it."""
    # A server thread lives as long as its HTTP connection; its database connection may not, or
    # the test database could not be dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.PUBLIC_URL = live_server.url
    settings.TWILIO_API_URL = sandbox.url
    settings.TWILIO_TIMEOUT_SECONDS = 2.0
    yield live_server
    sandbox.fall_silent()


def fund(user: User, dollars: float) -> None:
    cause = ledger.Cause(f"test:{user.pk}:{dollars}", Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT)
    ledger.post(account=user.account, amount_micros=round(dollars * 1_000_000), cause=cause)


def makes_people(url: str) -> Callable[..., Person]:
    """Gives a user a token, and a proved phone and money where they are named."""

    def make(user: User, *, phone: str = "", dollars: float = 0, **spec: Any) -> Person:
        EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True)
        kind = AccessToken.Kind.DEVICE
        guards = Guards(**spec)
        new = create_token(
            user, TokenSpec(kind=kind, name="test", scopes=DEVICE_DEFAULT, guards=guards)
        )
        if phone:
            CallerId.objects.create(account=user.account, e164=phone, country="GB", is_default=True)
        if dollars:
            fund(user, dollars)
        return Person(user, new.secret, url)

    return make


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


def in_another_thread(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    finally:
        connection.close()


def make_call(
    user: User, *, seconds: int | None = None, state: str = Call.State.COMPLETED, **more: Any
) -> Call:
    """A call of former times, settled. `seconds` of talk, at the prices of the deck above."""
    caller_id, _ = CallerId.objects.get_or_create(
        account=user.account, e164=OWN_PHONE, defaults={"country": "GB", "is_default": True}
    )
    price = CallPrice(Price(6_000, 1, 1), Price(12_000, 60, 60), ring_seconds=45)
    a_cost, b_cost = (12_000, price.leg_b.cost_micros(seconds)) if seconds else (0, 0)
    facts: dict[str, Any] = {
        "to_e164": DESTINATION,
        "to_country": "GB",
        "leg_a_status": "completed",
        "leg_a_seconds": 120 if seconds else 0,
        "leg_b_status": "completed" if seconds else "busy",
        "leg_b_seconds": seconds,
        "leg_a_cost_micros": a_cost,
        "leg_b_cost_micros": b_cost,
        "ended_at": timezone.now(),
        "settled_at": timezone.now(),
    }
    return Call.objects.create(
        account=user.account,
        user=user,
        caller_id=caller_id,
        from_e164=OWN_PHONE,
        to_kind="fixed",
        deck=RateDeck.objects.latest("id"),
        leg_a_micros_per_minute=6_000,
        leg_a_first_seconds=1,
        leg_a_next_seconds=1,
        leg_b_micros_per_minute=12_000,
        leg_b_first_seconds=60,
        leg_b_next_seconds=60,
        ring_seconds=45,
        max_seconds=600,
        hold_micros=price.hold_micros(600),
        state=state,
        **(facts | more),
    )
