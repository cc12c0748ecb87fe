"""Text of a hostile server reaches no terminal raw, by any command."""

import csv
from io import StringIO

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
RAW = set("\x1b\x07\u202e\x9b")


def test_call_prints_nothing_raw(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**d.CALL, "call_id": f"call_1{HOSTILE}"})
    ran = moby.run("call", d.DESTINATION, "--no-wait", "--yes")
    assert "call_1" in ran.stdout
    assert not RAW & set(ran.stdout + ran.stderr)


@pytest.mark.parametrize("command", ["calls list --csv", "calls list", "transactions --csv"])
def test_lists_print_nothing_raw(moby: Moby, server: StubServer, command: str) -> None:
    rows = {
        "calls": {**d.COMPLETED, "call_id": HOSTILE, "to": HOSTILE},
        "transactions": {**d.TRANSACTION, "reference": HOSTILE},
    }
    path = command.split()[0]
    server.on("GET", path, d.page(rows[path]))
    ran = moby.run(*command.split())
    assert ran.code == 0
    assert not RAW & set(ran.stdout + ran.stderr)


@pytest.mark.parametrize("column", ["description", "reference", "id", "kind"])
def test_no_column_of_csv_is_a_formula(moby: Moby, server: StubServer, column: str) -> None:
    server.on("GET", "transactions", d.page({**d.TRANSACTION, column: "=HYPERLINK(1)"}))
    rows = list(csv.DictReader(StringIO(moby.run("transactions", "--csv").stdout)))
    assert rows[0][column] == "'=HYPERLINK(1)"
