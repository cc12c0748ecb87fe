"""moby calls: list the calls, show one, and hang one up."""

import csv
from io import StringIO

import pytest

from tests.cli import documents as d
from tests.cli.placing import RINGING, TALKED, then
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_calls_list_filters(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page())
    words = ("--state", "busy", "--country", "GB", "--number", "0018", "--since", "7d")
    ran = moby.run("calls", "list", *words, "--until", "2026-11-24")
    assert ran.stdout == "No such calls.\n"
    assert server.received[0].query == {
        "state": ["busy"], "country": ["GB"], "number": ["0018"],
        "since": ["2026-11-17T00:00:00Z"], "until": ["2026-11-24T23:59:59.999999Z"],
    }  # fmt: skip


def test_calls_list_as_csv(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED, d.BUSY))
    rows = list(csv.DictReader(StringIO(moby.run("calls", "list", "--csv").stdout)))
    assert [(row["to"], row["state"], row["cost"]) for row in rows] == [
        (d.DESTINATION, "completed", "0.073"), (d.DESTINATION, "busy", "0.00"),
    ]  # fmt: skip
    refused = moby.run("calls", "list", "--csv", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")


def test_calls_list_for_a_person(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED, d.CALL, cursor="next"))
    lines = moby.run("calls", "list").stdout.splitlines()
    assert lines[0].split() == ["When", "To", "State", "Time", "Cost", "Id"]
    assert lines[1].split() == [
        "2026-11-24", "20:00", d.DESTINATION, "ended", "1:05", "$0.073", "call_1",
    ]  # fmt: skip
    server.on("GET", "calls", d.page())
    assert "No calls yet" in moby.run("calls", "list").stdout


def test_calls_show_is_the_receipt(moby: Moby, server: StubServer) -> None:
    then(server, d.COMPLETED, d.COMPLETED)
    assert moby.run("calls", "show", "call_1", "--json").json["receipt"] == d.RECEIPT
    assert "Total: $0.073" in moby.run("calls", "show", "call_1").stdout


def test_ids_cannot_reach_other_paths(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "calls/..%2Fbalance", 404, "not_found")
    assert moby.run("calls", "show", "../balance").code == 6


def test_calls_hangup_ends_one_from_anywhere(moby: Moby, server: StubServer) -> None:
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert moby.run("calls", "hangup", "call_1", "--json").json["state"] == "completed"
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert "moby calls show call_1" in moby.run("calls", "hangup", "call_1").stdout
    server.on("POST", "calls/call_1/hangup", RINGING)
    assert moby.run("calls", "hangup", "call_1").stdout.startswith("call_1: hanging up.\n")
