"""Receipts and quotes, as they are shown."""

import pytest

from tests.cli import documents as d
from tests.cli.placing import place, then
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


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


def test_balance_that_is_too_small_is_no_limit_of_nothing(moby: Moby, server: StubServer) -> None:
    quote = {**d.QUOTE, "max_seconds": 0, "hold": "0.00", "available": "0.01"}
    server.on("POST", "quote", quote)
    lines = moby.run("call", d.DESTINATION, "--dry-run", MOBY_TOKEN=d.TOKEN).stdout.splitlines()
    assert lines[3] == "Limit   none: too little for a call; $0.01 is available"


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


def test_receipt_names_the_number_that_was_seen(moby: Moby, server: StubServer) -> None:
    place(server)
    receipt = {**d.RECEIPT, "shown_number": d.OPERATOR}
    then(server, {**d.COMPLETED, "own_number_refused": True, "receipt": receipt})
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert "Showed:   +12025550100; our carrier refused +447400123456" in ran.stdout
