"""moby call and moby calls, without a terminal."""

import json
import signal
import time
from typing import Any

import pexpect
import pytest

from tests.cli import documents as d
from tests.cli.placing import ANSWERED, RINGING, TALKED, place, then
from tests.cli.program import MOBY, Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

pytestmark = pytest.mark.usefixtures("signed_in")


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
    seen = {"expected_terms": "0.03 30/6 + 0.012 60/60", "expected_shown_number": d.PHONE}
    assert order == {**quote, "caller_id": "cid_1", **seen}
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


DEAR = {**d.QUOTE, "price_per_minute": "0.518"}


@pytest.mark.parametrize("words", [(), ("--json",), ("--no-interaction",), ("--wait",)])
def test_dear_call_that_cannot_be_asked_about_is_not_placed(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("POST", "quote", DEAR)
    ran = moby.run("call", d.DESTINATION, *words)
    assert ran.code == 2
    assert server.paths() == ["POST quote"]
    price = "$0.518 a minute is above $0.50, and no question can be asked here"
    assert f"not called: {price}" in ran.stderr
    assert "To call anyway, add: --yes" in ran.stderr
    assert "To ask only above $0.52: moby config set confirm-above 0.52" in ran.stderr


def test_refusal_of_a_dear_call_is_shown_to_programs(moby: Moby, server: StubServer) -> None:
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


def test_dry_run_calls_no_one(moby: Moby, server: StubServer) -> None:
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


def test_interrupt_while_placing_ends_the_same_call(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201, delay_seconds=2)
    server.on("POST", "calls", d.CALL, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    while len(server.received) < 2:
        time.sleep(0.02)
    child.sendintr()
    text, code = finish(child)
    assert (code, "Hanging up" in text) == (130, True)
    assert f"interrupted; call_1 to {d.DESTINATION} has ended" in text
    assert "See how it ended: moby calls show call_1" in text
    first, second = (r.headers["idempotency-key"] for r in server.received[1:3])
    assert first == second


def test_dear_call_is_asked_about(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", {**d.QUOTE, "price_per_minute": "0.75"})
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect(r"\$0\.75 a minute\. Call\? \[y/N\]: ")
    child.sendline("n")
    text, code = finish(child)
    assert (code, "not called" in text) == (1, True)


def test_threshold_is_the_customers_own(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    env = {"MOBY_TOKEN": d.TOKEN, "MOBY_CONFIRM_ABOVE": "0.04"}
    child = moby.spawn("call", d.DESTINATION, **env)
    child.expect(r"Call\? \[y/N\]: ")
    child.sendeof()
    assert finish(child)[1] == 1
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    text, code = finish(moby.spawn("call", d.DESTINATION, "--yes", "--no-wait", **env))
    assert (code, "[y/N]" in text) == (0, False)


def test_ambiguous_number_is_chosen(moby: Moby, server: StubServer) -> None:
    names = (("+44 20 7946 0018", "United Kingdom"), ("+1 207-946-0018", "United States"))
    candidates = [
        {**d.CANDIDATE, "redial": f"+{number} x12", "international": shown, "country_name": country}
        for number, (shown, country) in zip((442079460018, 12079460018), names, strict=True)
    ]
    server.refuse("POST", "quote", 400, "ambiguous_number", details={"candidates": candidates})
    server.on("POST", "quote", {**d.QUOTE, "extension": "12"})
    child = moby.spawn("call", "2079460018 x12", "--dry-run", MOBY_TOKEN=d.TOKEN)
    child.expect(r"2  \+1 207-946-0018 \(United States\), \$0\.012 a minute")
    child.expect("Which one")
    child.sendline("7")
    child.expect("from 1 to 2")
    child.sendline("2")
    text, code = finish(child)
    assert (code, "then keys 12" in text) == (0, True)
    assert server.received[-1].json == {"to": "+12079460018 x12", "mode": "account"}


HELD: dict[str, Any] = {
    **d.QUOTE,
    "max_seconds": 0,
    "hold": "0.00",
    "available": "0.013",
    "held_by": [{"call_id": "call_9", "to": "+44 … 0018", "hold": "19.98712"}],
    "refusal": {
        "code": "insufficient_funds",
        "status": 402,
        "message": "$0.01 is available. $19.99 is held by the call call_9 to +44 … 0018.",
        "hint": "Hang up with moby calls hangup ID.",
    },
}


def test_call_that_no_money_covers_is_refused_before_it_is_asked_for(
    moby: Moby, server: StubServer
) -> None:
    server.on("POST", "quote", HELD)
    ran = moby.run("call", d.DESTINATION, "--json")
    assert (ran.code, ran.error["code"]) == (5, "insufficient_funds")
    assert ran.error["message"] == HELD["refusal"]["message"]
    server.on("POST", "quote", {**HELD, "refusal": {**HELD["refusal"], "status": 400}})
    assert moby.run("call", d.DESTINATION).code == 2


def test_dry_run_names_what_is_held_and_by_which_call(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", HELD)
    out = moby.run("call", d.DESTINATION, "--dry-run").stdout
    assert "Limit   none: $0.01 is available. $19.99 is held by the call call_9" in out
    assert "Held " not in out
    server.on("POST", "quote", {**d.QUOTE, "held_by": HELD["held_by"]})
    out = moby.run("call", d.DESTINATION, "--dry-run").stdout
    assert "Held    $19.99 by call_9 to +44 … 0018, until it ends" in out


def test_hold_of_all_that_is_available_is_no_more_than_that(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", {**d.QUOTE, "hold": "1.8412", "available": "1.8433"})
    out = moby.run("call", d.DESTINATION, "--dry-run").stdout
    assert "$1.84 of $1.84 held meanwhile" in out


@pytest.mark.parametrize(
    ("limited_by", "said"),
    [
        ("usual_time", "20 min (--max-minutes for longer); $1.25 of"),
        ("guard_spend_day", "20 min, all this token may spend today; $1.25 of"),
        ("max_seconds", "20 min; $1.25 of"),
    ],
)
def test_limit_is_shown_with_what_sets_it(
    moby: Moby, server: StubServer, limited_by: str, said: str
) -> None:
    server.on("POST", "quote", {**d.QUOTE, "limited_by": limited_by})
    assert f"Limit   {said}" in moby.run("call", d.DESTINATION, "--dry-run").stdout


def test_call_follows_live_and_ends_with_the_receipt(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**d.CALL, "poll_after_seconds": 0.2}, status=201)
    asked = {"state": "dialing", "awaits_key": True}
    for news in ({**d.CALL, **asked}, RINGING, ANSWERED):
        server.on("GET", "calls/call_1", {**news, "poll_after_seconds": 0.2})
    server.on("GET", "calls/call_1", d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    text, code = finish(moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN))
    assert code == 0
    for shown in ("press 1 on your phone 0:00", "ringing them 0:00", "connected", "so far"):
        assert shown in text
    assert "Total: $0.073" in text
    assert "Balance: $19.95" in text
    assert text.index("$0.042 a minute") < text.index("ringing them")


def test_call_keeps_its_line_while_the_server_is_slow(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 0.2}, status=201)
    server.on("GET", "calls/call_1", d.COMPLETED, delay_seconds=2)
    server.on("GET", "balance", d.BALANCE)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    place = server.url.removeprefix("http://")
    child.expect(rf"ringing them 0:0\d.* · Waiting for {place}, 1 s")
    _, code = finish(child)
    assert code == 0


@pytest.mark.parametrize(("key", "expected"), [("h", 0), ("\x03", 130)])
def test_keys_hang_up(moby: Moby, server: StubServer, key: str, expected: int) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    if expected == 0:
        server.on("GET", "calls/call_1", status=304)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.send(key)
    text, code = finish(child)
    assert code == expected
    assert "Hanging up" in text
    assert "connection" not in text
    assert "Total: $0.073" in text


def test_second_ctrl_c_leaves_at_once(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", {**RINGING, "poll_after_seconds": 30})
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.sendintr()
    child.expect("Hanging up")
    child.expect("hanging up")  # and no longer that it rings
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "moby calls show call_1" in text


def test_leaving_a_call_that_was_not_hung_up_says_how_to_end_it(
    moby: Moby, server: StubServer
) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.refuse("POST", "calls/call_1/hangup", 503, "unavailable")
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.sendintr()
    child.expect("Not hung up")
    child.expect("ringing them")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "End it: moby calls hangup call_1" in text


def test_interrupt_from_outside_hangs_up_without_a_terminal(moby: Moby, server: StubServer) -> None:
    place(server, {**RINGING, "poll_after_seconds": 0.02})
    server.on("GET", "calls/call_1", {**RINGING, "poll_after_seconds": 30})
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    process = moby.start("call", d.DESTINATION, "--wait", "--json", MOBY_TOKEN=d.TOKEN)
    # A client that asks for the state has read the answer to the placing.
    while "GET calls/call_1" not in server.paths():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(stdout)["state"] == "completed"
    assert "Traceback" not in stderr


def test_terminal_is_put_back_after_following(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 0.2}, status=201)
    server.on("GET", "calls/call_1", d.BUSY)
    server.on("GET", "balance", d.BALANCE)
    script = moby.home / "script"
    script.write_text(f"{MOBY} call {d.DESTINATION}; stty -a\n")
    child = pexpect.spawn(
        "/bin/sh",
        [str(script)],
        env={**moby.env, "MOBY_TOKEN": d.TOKEN, "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
    )
    child.expect(r" icanon ")
    child.expect(r" echo ")
    child.expect(pexpect.EOF)


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
def test_call_that_reaches_no_one_ends_in_one(moby: Moby, server: StubServer, state: str) -> None:
    place(server)
    then(server, {**d.BUSY, "state": state, "status": state})
    ran = moby.run("call", d.DESTINATION, "--wait", "--json")
    assert (ran.code, ran.json["state"], ran.json["cost"]) == (1, state, "0.00")


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
