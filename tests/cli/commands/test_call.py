"""moby call and moby calls, without a terminal."""

import csv
from io import StringIO
from typing import Any

import pytest

from tests.cli import documents as d
from tests.cli.call_answers import ANSWERED, RINGING
from tests.cli.conftest import Moby
from tests.cli.stubs import StubServer

TALKED = {**d.COMPLETED, "cost": None, "receipt": None, "version": 4}


@pytest.fixture
def moby(moby: Moby) -> Moby:
    moby.env["MOBY_TOKEN"] = d.TOKEN
    return moby


def place(server: StubServer, call: dict[str, Any] = d.CALL) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", call, status=201)


def then(server: StubServer, *calls: dict[str, Any]) -> None:
    for call in calls:
        server.on("GET", "calls/call_1", call)


def test_json_returns_at_once_with_the_contract_fields(moby: Moby, server: StubServer) -> None:
    place(server)
    ran = moby.run("call", "020", "7946 0018", "--country", "GB", "--json")
    assert ran.code == 0
    fields = "call_id state status mode to from shown_number price_per_minute max_seconds"
    assert {name: ran.json[name] for name in fields.split()} == {
        name: d.CALL[name] for name in fields.split()
    }
    quote, order = server.received[0].json, server.received[1].json
    assert quote == {"to": "020 7946 0018", "country": "GB"}
    assert order == {**quote, "caller_id": "cid_1", "expected_terms": "0.03 30/6 + 0.012 60/60"}
    assert server.received[1].headers["idempotency-key"].startswith("moby-")


def test_call_of_unknown_outcome_says_how_to_repeat_it(moby: Moby, server: StubServer) -> None:
    error = {"code": "provider_unavailable", "message": "No answer.", "hint": "It may ring."}
    server.on("POST", "quote", d.QUOTE)
    for _ in range(3):  # moby repeats it by itself, with its key
        server.on("POST", "calls", {"error": error}, status=503)
    lost = moby.run("call", d.DESTINATION, "--json")
    first = server.received[-1]
    key = first.headers["idempotency-key"]
    assert {r.headers["idempotency-key"] for r in server.received[1:]} == {key}
    assert (lost.code, lost.error["retryable"]) == (3, True)
    assert lost.error["hint"].splitlines()[0] == "It may ring."
    assert lost.error["hint"].endswith(f"--idempotency-key {key}")
    place(server)
    assert moby.run("call", d.DESTINATION, "--json", "--idempotency-key", key).code == 0
    again = server.received[-1]
    assert (again.headers["idempotency-key"], again.json) == (key, first.json)


def test_without_a_terminal_it_returns_at_once_too(moby: Moby, server: StubServer) -> None:
    place(server)
    ran = moby.run("call", d.DESTINATION)
    assert ran.code == 0
    assert "moby calls show call_1" in ran.stdout
    assert "$0.042 a minute ($0.030 your phone + $0.012 theirs)" in ran.stderr


def test_limits_are_sent_with_quote_and_call(moby: Moby, server: StubServer) -> None:
    place(server)
    words = ("--max-minutes", "2.5", "--max-cost", "1", "--from", "cid_1", "--no-wait")
    assert moby.run("call", d.DESTINATION, *words).code == 0
    for request in server.received:
        sent = request.json
        assert (sent["max_seconds"], sent["max_cost"]) == (150, "1.00")
        assert sent["caller_id"] == "cid_1"


def test_wait_follows_to_the_settled_end(moby: Moby, server: StubServer) -> None:
    place(server)
    then(server, RINGING)
    server.on("GET", "calls/call_1", status=304)
    then(server, ANSWERED, TALKED, d.COMPLETED)
    ran = moby.run("call", d.DESTINATION, "--wait", "--json")
    assert ran.code == 0
    assert (ran.json["state"], ran.json["duration_seconds"], ran.json["cost"]) == (
        "completed",
        65,
        "0.073",
    )
    assert [r.query["after"] for r in server.received[2:]] == [["1"], ["2"], ["2"], ["3"], ["4"]]
    assert moby.clock.slept == [1.0] * 5


@pytest.mark.parametrize("state", ["busy", "no_answer", "failed", "canceled"])
def test_call_that_reaches_nobody_ends_in_one(moby: Moby, server: StubServer, state: str) -> None:
    place(server)
    then(server, {**d.BUSY, "state": state, "status": state})
    ran = moby.run("call", d.DESTINATION, "--wait", "--json")
    assert (ran.code, ran.json["state"], ran.json["cost"]) == (1, state, "0.00")


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


def test_following_survives_a_lost_network(moby: Moby, server: StubServer) -> None:
    place(server)
    for _ in range(3):
        server.on("GET", "calls/call_1", drops=True)
    then(server, d.COMPLETED)
    server.refuse("GET", "balance", 403, "insufficient_scope")
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert ran.code == 0
    assert "The call goes on, unseen" in ran.stderr
    assert "The connection is back." in ran.stderr


def test_network_that_stays_away_leaves_the_call_id(moby: Moby, server: StubServer) -> None:
    place(server, {**d.CALL, "max_seconds": 60})
    for _ in range(120):
        server.on("GET", "calls/call_1", drops=True)
    ran = moby.run("call", d.DESTINATION, "--wait", "--json")
    assert (ran.code, ran.error["code"]) == (3, "network_error")
    assert ran.error["hint"] == "See how it ended: moby calls show call_1"
    server.forget()


DEAR = {**d.QUOTE, "price_per_minute": "0.518"}


@pytest.mark.parametrize("words", [(), ("--json",), ("--no-interaction",), ("--wait",)])
def test_dear_call_that_cannot_be_asked_about_is_not_placed(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("POST", "quote", DEAR)
    ran = moby.run("call", d.DESTINATION, *words)
    assert ran.code == 2
    assert server.paths() == ["POST quote"]
    assert "$0.518 a minute" in ran.stderr
    assert "--yes" in ran.stderr


def test_refusal_of_a_dear_call_is_told_to_programs(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", DEAR)
    error = moby.run("call", d.DESTINATION, "--json").error
    assert (error["code"], error["retryable"]) == ("confirmation_required", False)
    server.on("POST", "quote", DEAR)
    server.on("POST", "calls", d.CALL, status=201)
    assert moby.run("call", d.DESTINATION, "--json", "--yes").code == 0


@pytest.mark.parametrize(("threshold", "code"), [("0.04", 2), ("0.05", 0), ("10", 0)])
def test_threshold_decides_what_a_script_may_place_unasked(
    moby: Moby, server: StubServer, threshold: str, code: int
) -> None:
    server.on("POST", "quote", d.QUOTE)
    if not code:
        server.on("POST", "calls", d.CALL, status=201)
    ran = moby.run("call", d.DESTINATION, "--json", MOBY_CONFIRM_ABOVE=threshold)
    assert ran.code == code


def test_dear_call_is_shown_with_dry_run(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", DEAR)
    assert moby.run("call", d.DESTINATION, "--dry-run", "--json").json == DEAR


def test_callback_is_said_to_the_server(moby: Moby, server: StubServer) -> None:
    place(server)
    ran = moby.run("call", d.DESTINATION, "--callback", "--json")
    assert (ran.code, ran.json["mode"]) == (0, "callback")
    assert [request.json["mode"] for request in server.received] == ["callback", "callback"]


def test_call_that_vanishes_is_an_error(moby: Moby, server: StubServer) -> None:
    place(server)
    server.refuse("GET", "calls/call_1", 404, "not_found")
    assert moby.run("call", d.DESTINATION, "--wait").code == 6


def test_warning_comes_a_minute_before_the_end(moby: Moby, server: StubServer) -> None:
    place(server)
    date = {"Date": "Tue, 24 Nov 2026 20:18:30 GMT"}
    server.on("GET", "calls/call_1", ANSWERED, headers=date)
    for _ in range(45):
        server.on("GET", "calls/call_1", status=304)
    then(server, d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("call", d.DESTINATION, "--wait")
    assert ran.stderr.count("One minute left") == 1


def test_balance_that_is_too_small_is_no_limit_of_nothing(moby: Moby, server: StubServer) -> None:
    quote = {**d.QUOTE, "max_seconds": 0, "hold": "0.00", "available": "0.01"}
    server.on("POST", "quote", quote)
    lines = moby.run("call", d.DESTINATION, "--dry-run", MOBY_TOKEN=d.TOKEN).stdout.splitlines()
    assert lines[3] == "Limit   none: too little for a call; $0.01 is available"


def test_dry_run_calls_nobody(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    assert moby.run("call", d.DESTINATION, "--dry-run", "--json").json == d.QUOTE
    server.on("POST", "quote", d.QUOTE)
    ran = moby.run("call", d.DESTINATION, "--dry-run")
    assert "Limit   20 min; $1.25 of $20.00 held" in ran.stdout
    assert "Nothing was called." in ran.stdout
    assert server.paths() == ["POST quote"] * 2


@pytest.mark.parametrize("number", ["112", "911", "9 1 1", "999"])
def test_emergency_number_is_refused_without_asking(
    moby: Moby, server: StubServer, number: str
) -> None:
    ran = moby.run("call", number, "--json")
    assert (ran.code, ran.error["code"]) == (5, "emergency_number")
    assert "where you are" in ran.error["hint"]
    assert server.received == []


def test_ambiguous_number_shows_each_reading_with_its_price(moby: Moby, server: StubServer) -> None:
    candidates = [d.CANDIDATE, {**d.CANDIDATE, "price_per_minute": None}]
    server.refuse("POST", "quote", 400, "ambiguous_number", details={"candidates": candidates})
    ran = moby.run("call", "2079460018")
    assert ran.code == 2
    assert "+44 20 7946 0018 (United Kingdom), $0.012 a minute" in ran.stderr
    assert "+44 20 7946 0018 (United Kingdom), no price known" in ran.stderr


def test_calls_list_pages_and_joins(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED, cursor="next"))
    server.on("GET", "calls", d.page(d.BUSY))
    ran = moby.run("calls", "list", "--all", "--json")
    assert [call["state"] for call in ran.json["items"]] == ["completed", "busy"]
    assert ran.json["next_cursor"] is None
    assert server.received[1].query == {"limit": ["100"], "cursor": ["next"]}


def test_calls_list_filters(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page())
    words = ("--state", "busy", "--country", "GB", "--number", "0018", "--since", "7d")
    ran = moby.run("calls", "list", *words, "--until", "2026-11-24")
    assert ran.stdout == "No such calls.\n"
    assert server.received[0].query == {
        "state": ["busy"], "country": ["GB"], "number": ["0018"],
        "since": ["2026-11-17"], "until": ["2026-11-24"],
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


def test_calls_hangup_ends_one_from_anywhere(moby: Moby, server: StubServer) -> None:
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert moby.run("calls", "hangup", "call_1", "--json").json["state"] == "completed"
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert "moby calls show call_1" in moby.run("calls", "hangup", "call_1").stdout


def test_ids_cannot_reach_other_paths(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "calls/..%2Fbalance", 404, "not_found")
    assert moby.run("calls", "show", "../balance").code == 6
