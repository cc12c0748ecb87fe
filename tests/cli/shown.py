"""Commands with what they show, for tests of all output."""

from tests.cli import documents as d

CODE = "918273"


SHOWN: list[tuple[tuple[str, ...], str, str, object]] = [
    (("auth", "status"), "GET", "status", d.STATUS),
    (("status",), "GET", "status", d.STATUS),
    (("whoami",), "GET", "status", d.STATUS),
    (("auth", "sessions", "list"), "GET", "sessions", d.page(d.SESSION)),
    (("auth", "sessions", "revoke", "tok_2"), "DELETE", "sessions/tok_2", None),
    (("balance",), "GET", "balance", d.BALANCE),
    (("transactions",), "GET", "transactions", d.page(d.TRANSACTION)),
    (("topups", "list"), "GET", "topups", d.page(d.TOPUP)),
    (("topups", "show", "top_1"), "GET", "topups/top_1", d.TOPUP),
    (("topup", "20"), "POST", "topups", d.TOPUP),
    (("calls", "list"), "GET", "calls", d.page(d.COMPLETED)),
    (("calls", "show", "call_1"), "GET", "calls/call_1", d.COMPLETED),
    (("calls", "hangup", "call_1"), "POST", "calls/call_1/hangup", d.COMPLETED),
    (("call", "1", "--dry-run"), "POST", "quote", d.QUOTE),
    (("caller-id", "list"), "GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None}),
    (("caller-id", "request", "1"), "POST", "caller-ids", d.VERIFICATION),
    (("caller-id", "confirm", CODE), "POST", "caller-ids/confirm", d.CALLER_ID),
    (("caller-id", "default", "cid_1"), "POST", "caller-ids/cid_1/default", d.CALLER_ID),
    (("caller-id", "country", "GB"), "POST", "caller-ids/country", d.COUNTRY),
    (
        ("caller-id", "call-mode", "computer"),
        "POST",
        "caller-ids/call-mode",
        {"call_mode": "computer"},
    ),
    (
        ("caller-id", "ask-for-key", "off"),
        "POST",
        "caller-ids/ask-for-key",
        {"asks_for_key": False},
    ),
    (("caller-id", "remove", "cid_1"), "DELETE", "caller-ids/cid_1", None),
    (
        ("caller-id", "register", "cid_1"),
        "POST",
        "caller-ids/cid_1/register",
        {**d.REGISTRATION, "code": CODE},
    ),
    (
        ("caller-id", "only-my-number", "on"),
        "POST",
        "caller-ids/only-my-number",
        {"only_my_number": True},
    ),
    (("rates", "GB"), "GET", "rates/GB", d.RATES),
    (("self-update",), "GET", "client", d.offered("9.9.9", "0.0.1")),
]
