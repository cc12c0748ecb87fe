"""People with tokens and phones, and the calls that they made."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.guards import Guards
from accounts.models import DEVICE_DEFAULT, AccessToken, User
from accounts.tokens.lifecycle import TokenSpec, create_token
from billing import ledger
from billing.models import Book, Transfer
from telephony.models import Call, CallerId, RateDeck
from telephony.pricing import CallPrice, Price
from tests.telephony.sandbox import Sandbox, wait_for

OWN_PHONE = "+447400123456"
DESTINATION = "+442079460018"
GERMAN_PHONE = "+4915112345678"


class Answer(Protocol):
    """An answer of `requests` or of Django's test client."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...

    def json(self) -> Any: ...  # noqa: ANN401 - whatever the body holds


@dataclass
class Person:
    """A user with a token, who asks the API at its port, or in-process where `url` is empty."""

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
        """Return the call once it is settled."""
        wait_for(lambda: Call.objects.get(public_id=call_id).settled_at, f"{call_id} to settle")
        return dict(self.get(f"calls/{call_id}").json())

    @property
    def balance(self) -> ledger.Balance:
        return ledger.balance_of(self.user.account)

    @property
    def token(self) -> AccessToken:
        return AccessToken.objects.get(user=self.user)


People = Callable[..., Person]


def fund(user: User, dollars: float) -> None:
    cause = ledger.Cause(f"test:{user.pk}:{dollars}", Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT)
    ledger.post(account=user.account, amount_micros=round(dollars * 1_000_000), cause=cause)


def makes_people(url: str) -> Callable[..., Person]:
    """Return a function that gives a user a token and, where named, a proved phone and money."""

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


def in_another_thread(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    finally:
        connection.close()


def make_call(
    user: User, *, seconds: int | None = None, state: str = Call.State.COMPLETED, **more: Any
) -> Call:
    """Return an old call that is settled, with `seconds` of talk at the prices of `DECK`."""
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


def prove(somebody: Person, sandbox: Sandbox, number: str = OWN_PHONE) -> None:
    assert somebody.post("caller-ids", number=number).status_code == 201
    proved = somebody.post("caller-ids/confirm", code=sandbox.code_for(number))
    assert proved.status_code == 200
