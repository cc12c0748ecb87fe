"""Programs that call the older moby, as they do: words on the command line, JSON on stdout."""

import json
from typing import Any

import pytest

from dev.customer import Customer
from dev.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("books_are_right")]
PHONE = "+447400123456"
ANSWERS = "2125550143"


def last_document(customer: Customer, *words: str) -> dict[str, Any]:
    """The last JSON object on stdout; an exit code other than 0 is a failure to these programs."""
    ran = customer.moby(*words)
    assert ran.code == 0, ran.stderr
    decoder, found, text = json.JSONDecoder(), None, ran.stdout
    while (start := text.find("{")) >= 0:
        found, end = decoder.raw_decode(text[start:])
        text = text[start + end :]
    assert isinstance(found, dict)
    return found


def test_sign_in_and_balance_are_read_before_a_call(alice: Customer) -> None:
    status = last_document(alice, "auth", "status", "--json")
    assert status["authenticated"] is True
    assert status["account"]["caller_id_status"] == "verified"
    assert status["account"]["caller_id_e164"] == PHONE
    balance = last_document(alice, "balance", "--json")
    assert balance["available_balance_cents"] == balance["available_cents"] == 2_000
    assert balance["currency"] == "USD"


def test_installed_version_is_asked_for(alice: Customer) -> None:
    checked = alice.moby("self-update", "--check")
    assert checked.code == 0
    assert "up to date" in checked.stdout or "Update available: v" in checked.stdout


def test_callback_call_is_placed_in_a_country_of_three_letters(
    alice: Customer, stack: Stack
) -> None:
    stack.control("numbers", {"number": f"+1{ANSWERS}", "outcome": "busy"})
    call = last_document(alice, "call", ANSWERS, "--country", "USA", "--callback", "--json")
    assert call["call_id"].startswith("call_")
    assert call["status"] == call["state"]
    assert (call["mode"], call["to"], call["from"]) == ("callback", f"+1{ANSWERS}", PHONE)
    assert call["shown_number"] == PHONE
    assert float(call["price_per_minute"]) > 0
    assert call["max_seconds"] > 0
    ended = alice.moby("calls", "hangup", call["call_id"], "--json")
    assert ended.code == 0
