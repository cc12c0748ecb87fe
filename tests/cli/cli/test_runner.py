"""The end of a command, on a broken output too: one document or one error object, and notices."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_notices_wait_for_success_and_leave_errors_alone(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    assert "process list" in moby.run("balance", "--json", "--token", d.TOKEN).stderr
    server.refuse("GET", "balance", 404, "not_found")
    ran = moby.run("balance", "--json", "--token", d.TOKEN)
    assert json.loads(ran.stderr)["error"]["code"] == "not_found"


def test_unforeseen_failure_is_one_and_no_traceback(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", {**d.BALANCE, "balance_cents": "a lot", "available_cents": "a lot"})
    ran = moby.run("balance", "-vv", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 1
    assert "Traceback" not in ran.stderr
    assert "mistake in moby" in ran.stderr
    assert d.TOKEN not in ran.stderr


def test_output_that_cannot_be_written_is_no_mistake_of_moby(
    moby: Moby, server: StubServer
) -> None:
    server.on("GET", "balance", d.BALANCE)
    ran = moby.shell("moby balance --json > /dev/full", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (1, "output_failed")
    assert "No space left" in ran.error["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [("balance >&-", 0), ("balance 2>&-", 0), ("balance <&-", 0), ("nonsense 2> /dev/full", 2)],
)
def test_closed_stream_ends_nothing(moby: Moby, server: StubServer, words: str, code: int) -> None:
    if code == 0:
        server.on("GET", "balance", d.BALANCE)
    assert moby.shell(f"moby {words}", MOBY_TOKEN=d.TOKEN).code == code


def test_argument_that_is_no_text_is_named(moby: Moby) -> None:
    ran = moby.run("rates", "\udcff")
    assert (ran.code, "is not text in UTF-8" in ran.stderr) == (2, True)


def test_expiry_is_shown_once_a_day(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    soon = {"X-Token-Expires-At": "2026-11-27T00:00:00Z"}
    for _ in range(3):
        server.on("GET", "balance", d.BALANCE, headers=soon)
    assert "expires 2026-11-27" in moby.run("balance").stderr
    assert moby.run("balance").stderr == ""
    moby.clock.time += 86_400
    assert "moby auth refresh" in moby.run("balance").stderr


def test_expiry_far_away_is_not_shown(moby: Moby, server: StubServer) -> None:
    later = {"X-Token-Expires-At": "2026-12-24T00:00:00Z"}
    server.on("GET", "balance", d.BALANCE, headers=later)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).stderr == ""
