"""Quotes, receipts and phones, as they are shown and named."""

import pytest

from tests.cli import documents as d
from tests.cli.documents import BALANCE, TOKEN
from tests.cli.placing import place, then
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.usefixtures("signed_in")
def test_receipt_shows_the_arithmetic(moby: Moby, server: StubServer) -> None:
    place(server)
    then(server, d.COMPLETED)
    server.on("GET", "balance", {**d.BALANCE, "is_low": True})
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert "70 s, charged as 120 s (60 s steps) x $0.030 / 60 s = $0.060" in ran.stdout
    assert "65 s, charged as 65 s (60 s + 1 s steps) x $0.012 / 60 s = $0.013" in ran.stdout
    assert "Total: $0.073" in ran.stdout
    assert "Talked:   1:05" in ran.stdout
    assert "Top up with" in ran.stderr


@pytest.mark.usefixtures("signed_in")
def test_balance_that_is_too_small_is_no_limit_of_nothing(moby: Moby, server: StubServer) -> None:
    quote = {**d.QUOTE, "max_seconds": 0, "hold": "0.00", "available": "0.01"}
    server.on("POST", "quote", quote)
    lines = moby.run("call", d.DESTINATION, "--dry-run", MOBY_TOKEN=d.TOKEN).stdout.splitlines()
    assert lines[3] == "Limit   none: too little for a call; $0.01 is available"


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("computer", ["0.018", None])
def test_quote_shows_the_price_through_a_computer_where_that_is_possible(
    moby: Moby, server: StubServer, computer: str | None
) -> None:
    totals = {"callback": "0.042", "computer": computer}
    server.on("POST", "quote", {**d.QUOTE, "total_per_minute": totals})
    lines = moby.run("call", d.DESTINATION, "--dry-run").stdout.splitlines()
    cheaper = "        $0.018 through this computer: add --computer"
    assert (lines[3] == cheaper) == (computer is not None)


@pytest.mark.usefixtures("signed_in")
def test_quote_by_this_computer_rings_no_phone_of_ones_own(moby: Moby, server: StubServer) -> None:
    legs = [{**d.LEGS[0], "e164": None, "price_per_minute": "0.006"}, d.LEGS[1]]
    totals = {"callback": "0.042", "computer": "0.018"}
    quote = {**d.QUOTE, "mode": "computer", "legs": legs, "price_per_minute": "0.018"}
    server.on("POST", "quote", {**quote, "total_per_minute": totals})
    lines = moby.run("call", d.DESTINATION, "--computer", "--dry-run").stdout.splitlines()
    assert lines[1:4] == [
        "From    this computer",
        "Price   $0.018 a minute ($0.006 your computer + $0.012 theirs)",
        "Limit   20 min; $1.25 of $20.00 held meanwhile",
    ]


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("promise", "line"),
    [
        ({}, "+447400123456; if our carrier refuses it, +12025550100"),
        ({"fallback_number": None}, "+447400123456; if our carrier refuses it, the call fails"),
        (
            {"shown_number": d.OPERATOR, "fallback_number": None},
            "+12025550100, since your own number cannot be shown",
        ),
    ],
)
def test_quote_names_the_number_that_they_will_see(
    moby: Moby, server: StubServer, promise: dict[str, object], line: str
) -> None:
    server.on("POST", "quote", {**d.QUOTE, **promise, "registration_helps": True})
    ran = moby.run("call", d.DESTINATION, "--dry-run", "--only-my-number")
    assert f"Shows   {line}" in ran.stdout.splitlines()
    assert ("caller-id register" in ran.stdout) == (promise.get("shown_number") is not None)
    assert server.received[0].json["only_my_number"] is True


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("charges", [True, False])
def test_quote_says_that_an_attempt_is_charged(
    moby: Moby, server: StubServer, charges: bool
) -> None:
    server.on("POST", "quote", {**d.QUOTE, "charges_attempt": charges})
    ran = moby.run("call", d.DESTINATION, "--dry-run")
    assert ("Charged even if it is not answered" in ran.stdout.splitlines()) == charges


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("asks", [True, False])
def test_quote_says_that_a_key_is_asked_for(moby: Moby, server: StubServer, asks: bool) -> None:
    server.on("POST", "quote", {**d.QUOTE, "asks_for_key": asks})
    lines = moby.run("call", d.DESTINATION, "--dry-run").stdout.splitlines()
    end = "; press 1 when you pick up" if asks else ""
    assert f"From    {d.PHONE}, which rings first{end}" in lines


@pytest.mark.usefixtures("signed_in")
def test_receipt_says_that_no_key_came(moby: Moby, server: StubServer) -> None:
    place(server)
    then(server, {**d.COMPLETED, "state": "no_answer", "end_reason": "no_key", "receipt": None})
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert ran.code == 1
    assert "not answered, you did not press 1, so their phone did not ring" in ran.stdout


def test_receipt_of_a_call_through_the_computer_names_no_phone(
    moby: Moby, server: StubServer
) -> None:
    computer, called = d.RECEIPT["legs"]
    receipt = {**d.RECEIPT, "legs": [{**computer, "to": "computer"}, called]}
    server.on("GET", "calls/call_1", {**d.COMPLETED, "mode": "computer", "receipt": receipt})
    shown = moby.run("calls", "show", "call_1", MOBY_TOKEN=d.TOKEN).stdout
    assert "From:     your computer" in shown
    assert "  your computer: " in shown


@pytest.mark.usefixtures("signed_in")
def test_receipt_names_the_number_that_was_seen(moby: Moby, server: StubServer) -> None:
    place(server)
    receipt = {**d.RECEIPT, "shown_number": d.OPERATOR}
    then(server, {**d.COMPLETED, "own_number_refused": True, "receipt": receipt})
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert "Showed:   +12025550100; our carrier refused +447400123456" in ran.stdout


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("phone", ["cid_1", d.PHONE, "07400 123456"])
def test_phone_is_named_by_id_or_number(moby: Moby, server: StubServer, phone: str) -> None:
    for _ in range(2 * (phone != "cid_1")):
        server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    server.on("POST", "caller-ids/cid_1/default", d.CALLER_ID)
    server.on("DELETE", "caller-ids/cid_1", status=204)
    assert moby.run("caller-id", "default", phone, "--json").json == d.CALLER_ID
    assert moby.run("caller-id", "remove", phone, "--json").json == {"id": "cid_1", "removed": True}


@pytest.mark.usefixtures("signed_in")
def test_number_needs_no_quotes(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    moby.run("caller-id", "request", "07400", "123456", "--country", "GB")
    assert server.received[0].json["number"] == "07400 123456"
    server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    server.on("DELETE", "caller-ids/cid_1", status=204)
    assert moby.run("caller-id", "remove", "07400", "123456").code == 0


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("phone", ["+15550100", "000000", "3456"])
def test_phone_that_is_not_ones_own_is_not_found(
    moby: Moby, server: StubServer, phone: str
) -> None:
    server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    ran = moby.run("caller-id", "remove", phone, "--json")
    assert (ran.code, ran.error["code"]) == (6, "not_found")
    assert ran.error["message"] == f"{phone!r} is not one of your phones"
    assert ("the last six digits" in ran.error["hint"]) is (phone != "+15550100")


@pytest.mark.parametrize(("is_low", "noted"), [(True, True), (False, False)])
def test_low_balance_is_noted_beside_the_data(
    moby: Moby, server: StubServer, is_low: bool, noted: bool
) -> None:
    server.on("GET", "balance", {**BALANCE, "is_low": is_low})
    ran = moby.run("balance", MOBY_TOKEN=TOKEN)
    assert ran.stdout.startswith("Balance: $19.95\n")
    assert ("moby topup 20 --open" in ran.stderr) is noted
