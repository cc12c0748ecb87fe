"""A call that is followed, until it ends or is hung up."""

import json
import signal
import time

import pexpect
import pytest

from tests.cli import documents as d
from tests.cli.placing import ANSWERED, RINGING, TALKED, place, then
from tests.cli.program import MOBY, Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

pytestmark = pytest.mark.usefixtures("signed_in")


def test_call_follows_live_and_ends_with_the_receipt(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**d.CALL, "poll_after_seconds": 0.2}, status=201)
    server.on("GET", "calls/call_1", {**RINGING, "poll_after_seconds": 0.2})
    server.on("GET", "calls/call_1", {**ANSWERED, "poll_after_seconds": 0.2})
    server.on("GET", "calls/call_1", d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    text, code = finish(moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN))
    assert code == 0
    for shown in ("ringing them 0:00", "connected", "so far", "Total: $0.073", "Balance: $19.95"):
        assert shown in text
    assert text.index("$0.042 a minute") < text.index("ringing them")


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
    child.expect("ringing them")
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
    server.on("POST", "quote", d.QUOTE)
    # The interrupt may come before the answer is read, and then the call is placed once more.
    for _ in range(2):
        server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    process = moby.start("call", d.DESTINATION, "--wait", "--json", MOBY_TOKEN=d.TOKEN)
    while len(server.received) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    server.forget()
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
def test_call_that_reaches_nobody_ends_in_one(moby: Moby, server: StubServer, state: str) -> None:
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
