"""Answers of the server, as docs/dev/contracts.md has them."""

from typing import Any

# In two parts, so that no scanner takes it for a real one.
TOKEN = "moby_dev_" + "0123456789ABCDEFGHIJabcdefghij" + "4Us3aw"
OTHER_TOKEN = "moby_pat_" + "0" * 30 + "2C8GjS"
PHONE = "+447400123456"
DESTINATION = "+442079460018"
OPERATOR = "+12025550100"
BALANCE = {
    "balance_cents": 1995,
    "available_cents": 1870,
    "available_balance_cents": 1870,
    "held_cents": 125,
    "currency": "USD",
    "balance": "19.955",
}
GUARDS = {
    "max_cents_per_day": 500,
    "max_cents_per_call": None,
    "destinations": ["GB"],
    "caller_ids": None,
}
STATUS: dict[str, Any] = {
    "actor": {"email": "alice@example.org"},
    "account": {
        "id": "acct_1",
        "caller_id_status": "verified",
        "caller_id_e164": PHONE,
        "default_country": "GB",
        "frozen": False,
    },
    "token": {
        "id": "tok_1",
        "name": "laptop",
        "kind": "dev",
        "device": "anvil",
        "last_four": "s3aw",
        "scopes": ["account:read", "billing:read"],
        "created_at": "2026-11-01T10:00:00Z",
        "expires_at": "2099-12-01T10:00:00Z",
        "last_used_at": None,
        "guards": GUARDS,
    },
}
TOPUP: dict[str, Any] = {
    "topup_id": "top_1",
    "amount_cents": 2000,
    "currency": "USD",
    "status": "pending",
    "checkout_url": "http://127.0.0.1:9/c/pay/cs_1",
    "created_at": "2026-11-24T20:00:00Z",
    "paid_at": None,
}
PAID_TOPUP = {**TOPUP, "status": "paid", "checkout_url": None, "paid_at": "2026-11-24T20:01:00Z"}
VERIFICATION = {
    "verification_id": "ver_1",
    "e164": PHONE,
    "channel": "sms",
    "expires_at": "2026-11-24T20:10:00Z",
    "attempts_left": 5,
}
CALLER_ID = {
    "id": "cid_1",
    "e164": PHONE,
    "country": "GB",
    "is_default": True,
    "verified_at": "2026-11-24T20:00:00Z",
    "reverify_after": None,
}
REGISTRATION: dict[str, Any] = {
    "caller_id": "cid_1",
    "e164": PHONE,
    "state": "calling",
    "code": "123456",
    "calls_from": "+14157234000",
    "expires_at": "2026-11-24T20:05:00Z",
    "failure": None,
}
RATE = {
    "description": "United Kingdom, fixed",
    "kind": "fixed",
    "prefixes": ["441", "442"],
    "price_per_minute": "0.012",
    "total_per_minute": {"callback": "0.042", "computer": None},
    "first_seconds": 60,
    "next_seconds": 1,
    "buys_seconds": None,
}
RATES = {
    "country": "GB",
    "country_name": "United Kingdom",
    "currency": "USD",
    "rates": [RATE],
    "available": None,
    "from": {
        "country": "US",
        "country_name": "United States",
        "price_per_minute": "0.03",
        "first_seconds": 60,
        "next_seconds": 60,
    },
    "your_phone": None,
}
LEGS = [
    {
        "leg": "a",
        "e164": PHONE,
        "price_per_minute": "0.030",
        "first_seconds": 60,
        "next_seconds": 60,
    },
    {
        "leg": "b",
        "e164": DESTINATION,
        "price_per_minute": "0.012",
        "first_seconds": 60,
        "next_seconds": 1,
    },
]
QUOTE = {
    "to": DESTINATION,
    "country": "GB",
    "country_name": "United Kingdom",
    "kind": "fixed_line",
    "international": "+44 20 7946 0018",
    "extension": None,
    "mode": "callback",
    "from": PHONE,
    "caller_id": "cid_1",
    "shown_number": PHONE,
    "fallback_number": OPERATOR,
    "registration_helps": False,
    "charges_attempt": False,
    "legs": LEGS,
    "price_per_minute": "0.042",
    "terms": "0.03 30/6 + 0.012 60/60",
    "max_seconds": 1200,
    "hold": "1.25",
    "available": "20.00",
}
CANDIDATE = {
    "e164": DESTINATION,
    "country": "GB",
    "country_name": "United Kingdom",
    "kind": "fixed",
    "international": "+44 20 7946 0018",
    "extension": None,
    "redial": DESTINATION,
    "price_per_minute": "0.012",
}
CALL: dict[str, Any] = {
    "call_id": "call_1",
    "state": "queued",
    "status": "queued",
    "mode": "callback",
    "to": DESTINATION,
    "from": PHONE,
    "shown_number": PHONE,
    "fallback_number": OPERATOR,
    "own_number_refused": False,
    "awaits_key": False,
    "country": "GB",
    "country_name": "United Kingdom",
    "price_per_minute": "0.042",
    "max_seconds": 1200,
    "hold": "1.25",
    "created_at": "2026-11-24T20:00:00Z",
    "answered_at": None,
    "ended_at": None,
    "duration_seconds": None,
    "cost": None,
    "end_reason": None,
    "version": 1,
    "poll_after_seconds": 1,
    "receipt": None,
}
RECEIPT: dict[str, Any] = {
    "legs": [
        {
            "leg": "a",
            "to": PHONE,
            "seconds": 70,
            "billed_seconds": 120,
            "first_seconds": 60,
            "next_seconds": 60,
            "price_per_minute": "0.030",
            "cost": "0.060",
        },
        {
            "leg": "b",
            "to": DESTINATION,
            "seconds": 65,
            "billed_seconds": 65,
            "first_seconds": 60,
            "next_seconds": 1,
            "price_per_minute": "0.012",
            "cost": "0.013",
        },
    ],
    "shown_number": PHONE,
    "total": "0.073",
}
COMPLETED = {
    **CALL,
    "state": "completed",
    "status": "completed",
    "answered_at": "2026-11-24T20:00:10Z",
    "ended_at": "2026-11-24T20:01:15Z",
    "duration_seconds": 65,
    "cost": "0.073",
    "version": 5,
    "receipt": RECEIPT,
}
BUSY = {**CALL, "state": "busy", "status": "busy", "cost": "0.00", "version": 4}
TRANSACTION = {
    "id": "txn_1",
    "created_at": "2026-11-24T20:00:00Z",
    "kind": "call",
    "description": "Call to +44 … 0018: 65 s at $0.015 + 80 s at $0.021 a minute",
    "amount": "-0.045",
    "balance_after": "19.955",
    "reference": "call_1",
}
COUNTRY = {"default_country": "GB", "country_name": "United Kingdom"}
SESSION = {
    "id": "tok_2",
    "device": "old laptop",
    "client": "moby",
    "ip": "192.0.2.1",
    "created_at": "2026-11-01T10:00:00Z",
    "expires_at": None,
    "last_used_at": None,
    "current": True,
}
DEVICE = {
    "device_code": "device-code-that-is-secret",
    "user_code": "BCDF-GHJK",
    "verification_uri": "http://localhost:9/device",
    "verification_uri_complete": "http://localhost:9/device?user_code=BCDF-GHJK",
    "expires_in": 600,
    "interval": 5,
}
GRANTED = {
    "access_token": TOKEN,
    "token_type": "Bearer",
    "expires_in": 2_592_000,
    "scope": "account:read",
    "token_id": "tok_1",
    "expires_at": "2099-12-01T10:00:00Z",
}


def page(*items: object, cursor: str | None = None) -> dict[str, object]:
    return {"items": list(items), "next_cursor": cursor}


def offered(latest: str = "0.1.0", oldest: str = "0.1.0") -> dict[str, str]:
    """CLIENT: the moby that a server offers."""
    install = "curl -fsSL https://example.org/client/install.sh | sh"
    return {"latest_version": latest, "min_version": oldest, "install_command": install}
