"""The end of a command, on a broken output too: one document or one error object, and notices."""

import json
import subprocess

import pytest

from tests.cli import documents as d
from tests.cli.program import MOBY, Moby
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


def test_reader_that_leaves_early_is_no_failure(moby: Moby) -> None:
    words = [str(MOBY), "completions", "zsh"]
    process = subprocess.Popen(words, env=moby.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(10) == 0


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


def test_version_on_a_full_disk_is_no_traceback(moby: Moby) -> None:
    ran = moby.shell("moby --version >/dev/full")
    assert (ran.code, ran.stderr) == (
        1,
        "moby: the output cannot be written: No space left on device\n",
    )


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
