"""Lists in pages, all pages in one, and CSV that is safe to open in a spreadsheet."""

import csv
from io import StringIO

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_transactions_as_csv_are_no_formulas(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page({**d.TRANSACTION, "description": "=1+1"}))
    rows = list(csv.DictReader(StringIO(moby.run("transactions", "--csv").stdout)))
    assert rows[0]["description"] == "'=1+1"
    assert rows[0]["amount"] == "-0.045"
    assert list(rows[0])[:4] == ["id", "created_at", "kind", "description"]


def test_transactions_as_csv_are_all_of_them(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    printed = moby.run("transactions", "--csv").stdout
    assert len(list(csv.DictReader(StringIO(printed)))) == 2
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    printed = moby.run("transactions", "--csv", "--limit", "1").stdout
    assert len(list(csv.DictReader(StringIO(printed)))) == 1


def test_csv_and_json_cannot_go_together(moby: Moby) -> None:
    ran = moby.run("transactions", "--csv", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert ran.error["message"] == "--csv and --json cannot go together"


def test_calls_list_pages_and_joins(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED, cursor="next"))
    server.on("GET", "calls", d.page(d.BUSY))
    ran = moby.run("calls", "list", "--all", "--json")
    assert [call["state"] for call in ran.json["items"]] == ["completed", "busy"]
    assert ran.json["next_cursor"] is None
    assert server.received[1].query == {"limit": ["100"], "cursor": ["next"]}
