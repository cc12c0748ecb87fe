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
