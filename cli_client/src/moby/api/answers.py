"""The shapes of the server's answers that moby reads; see the API reference."""

from typing import NotRequired, TypedDict


class Actor(TypedDict):
    email: str


class Account(TypedDict):
    id: str
    caller_id_status: str
    caller_id_e164: str | None
    default_country: NotRequired[str | None]
    only_my_number: NotRequired[bool]
    asks_for_key: NotRequired[bool]
    call_mode: NotRequired[str]
    frozen: bool


class Guards(TypedDict, total=False):
    max_cents_per_day: int | None
    max_cents_per_call: int | None
    destinations: list[str] | None
    caller_ids: list[str] | None


class Token(TypedDict):
    id: str
    name: str
    kind: NotRequired[str]
    device: NotRequired[str]
    last_four: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    guards: Guards


class NewToken(Token):
    token: str


class Status(TypedDict):
    actor: Actor
    account: Account
    token: Token


class Client(TypedDict):
    latest_version: str
    min_version: str
    install_command: str
    support_email: NotRequired[str]  # empty where the operator named none
    wheel_url: NotRequired[str | None]  # with its SHA-256 as the fragment


class Session(TypedDict):
    id: str
    device: str
    client: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    current: bool


class Sessions(TypedDict):
    items: list[Session]
    next_cursor: str | None


class Balance(TypedDict):
    balance_cents: int
    available_cents: int
    held_cents: int
    currency: str
    balance: str
    is_low: NotRequired[bool]


class Transaction(TypedDict):
    id: str
    created_at: str
    kind: str
    description: str
    amount: str
    balance_after: str
    reference: str


class Transactions(TypedDict):
    items: list[Transaction]
    next_cursor: str | None


class TopUp(TypedDict):
    topup_id: str
    amount_cents: int
    currency: str
    status: str
    checkout_url: str | None
    created_at: str
    paid_at: str | None
    processing_since: NotRequired[str | None]


class TopUps(TypedDict):
    items: list[TopUp]
    next_cursor: str | None


class TotalPerMinute(TypedDict):
    callback: str | None
    computer: str | None


class Rate(TypedDict):
    description: str
    kind: str
    prefixes: list[str]
    price_per_minute: str
    total_per_minute: NotRequired[TotalPerMinute]
    first_seconds: int
    next_seconds: int
    buys_seconds: int | None


class OwnPhone(TypedDict):
    e164: str
    price_per_minute: str


class Origin(TypedDict):
    country: str
    country_name: str
    price_per_minute: str


# "from" is a word of Python, so these need the other form of TypedDict.
Rates = TypedDict(
    "Rates",
    {
        "country": str,
        "country_name": str,
        "currency": str,
        "available": str | None,
        "from": NotRequired[Origin | None],
        "your_phone": OwnPhone | None,
        "rates": list[Rate],
    },
)


class Leg(TypedDict):
    leg: str
    e164: str | None
    price_per_minute: str
    first_seconds: int
    next_seconds: int


class HoldingCall(TypedDict):
    call_id: str
    to: str
    hold: str


class QuoteRefusal(TypedDict):
    """The refusal that placing the quoted call would meet."""

    code: str
    status: int
    message: str
    hint: str


Quote = TypedDict(
    "Quote",
    {
        "to": str,
        "country": str,
        "country_name": str,
        "kind": str,
        "international": str,
        "extension": str | None,
        "mode": NotRequired[str],
        "from": str,
        "caller_id": NotRequired[str],
        "shown_number": NotRequired[str],
        "fallback_number": NotRequired[str | None],
        "registration_helps": NotRequired[bool],
        "charges_attempt": NotRequired[bool],
        "asks_for_key": NotRequired[bool],
        "legs": list[Leg],
        "price_per_minute": str,
        "total_per_minute": NotRequired[TotalPerMinute],
        "terms": str,
        "max_seconds": int,
        "hold": str,
        "available": str,
        "limited_by": NotRequired[str],
        "held_by": NotRequired[list[HoldingCall]],
        "refusal": NotRequired[QuoteRefusal | None],
    },
)


class ReceiptLeg(TypedDict):
    leg: str
    to: str
    seconds: int
    billed_seconds: int
    first_seconds: int
    next_seconds: int
    price_per_minute: str
    cost: str


class Receipt(TypedDict):
    legs: list[ReceiptLeg]
    shown_number: NotRequired[str | None]
    total: str


Call = TypedDict(
    "Call",
    {
        "call_id": str,
        "state": str,
        "status": str,
        "mode": str,
        "to": str,
        "from": str,
        "own_number_refused": NotRequired[bool],
        "awaits_key": NotRequired[bool],
        "price_per_minute": str,
        "max_seconds": int,
        "created_at": str,
        "answered_at": str | None,
        "ended_at": str | None,
        "duration_seconds": int | None,
        "cost": str | None,
        "end_reason": str | None,
        "version": int,
        "poll_after_seconds": float,
        "receipt": Receipt | None,
    },
)


class VoiceToken(TypedDict):
    call_id: str
    token: str
    gateway: str


class Calls(TypedDict):
    items: list[Call]
    next_cursor: str | None


class CallerId(TypedDict):
    id: str
    e164: str
    country: str
    is_default: bool
    verified_at: str
    registered: NotRequired[bool]


class Registration(TypedDict):
    caller_id: str
    e164: str
    state: str
    code: str | None
    calls_from: str
    expires_at: str | None
    failure: str | None


class OnlyMyNumber(TypedDict):
    only_my_number: bool


class AsksForKey(TypedDict):
    asks_for_key: bool


class CallMode(TypedDict):
    call_mode: str


class Verification(TypedDict):
    verification_id: str
    e164: str
    channel: str
    expires_at: str
    attempts_left: int


class DefaultCountry(TypedDict):
    default_country: str
    country_name: str


class CallerIds(TypedDict):
    items: list[CallerId]
    pending: Verification | None


class Number(TypedDict):
    e164: str
    country: str
    country_name: str
    kind: str
    international: str
    callable: bool
    reason: str | None


class Candidate(TypedDict):
    """One reading of a number that can mean several."""

    e164: str
    country_name: str
    international: str
    redial: str
    price_per_minute: str | None
