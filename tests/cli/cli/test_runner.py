"""What scripts rely on: exit codes, one document, one error object."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.conftest import Moby
from tests.cli.stubs import StubServer

EXIT_CODES = [
    (400, "invalid_number", 2),
    (401, "token_revoked", 4),
    (402, "insufficient_funds", 5),
    (403, "insufficient_scope", 5),
    (404, "not_found", 6),
    (409, "idempotency_conflict", 1),
    (410, "verification_expired", 1),
    (422, "wrong_code", 1),
]


@pytest.mark.parametrize(("status", "code", "exit_code"), EXIT_CODES)
def test_http_status_decides_the_exit_code(
    moby: Moby, server: StubServer, status: int, code: str, exit_code: int
) -> None:
    server.refuse("GET", "balance", status, code)
    ran = moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.code == exit_code
    assert set(ran.error) == {"code", "message", "hint", "request_id", "retryable"}
    assert (ran.error["code"], ran.error["request_id"]) == (code, "req_1")
    assert ran.error["retryable"] is False


@pytest.mark.parametrize(("status", "code"), [(429, "throttled"), (503, "unavailable")])
def test_passing_trouble_is_tried_three_times(
    moby: Moby, server: StubServer, status: int, code: str
) -> None:
    for _ in range(3):
        server.refuse("GET", "balance", status, code)
    ran = moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"], ran.error["retryable"]) == (3, code, True)
    assert len(moby.clock.slept) == 2


def test_request_that_still_runs_is_asked_about_again(moby: Moby, server: StubServer) -> None:
    server.refuse("POST", "topups", 409, "idempotency_in_progress")
    server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run("topup", "20", "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 0
    keys = {r.headers["idempotency-key"] for r in server.received}
    assert len(server.received) == 2
    assert len(keys) == 1


def test_request_that_never_ends_is_worth_retrying(moby: Moby, server: StubServer) -> None:
    for _ in range(3):
        server.refuse("POST", "topups", 409, "idempotency_in_progress")
    assert moby.run("topup", "20", MOBY_TOKEN=d.TOKEN).code == 3


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("auth", "nonsense"),
        ("balance", "extra"),
        ("balance", "--nonsense"),
        ("call",),
        ("topup",),
        ("calls", "show"),
        ("auth", "login", "--expires", "soon"),
        ("auth", "login", "--allow", "+0"),
        ("auth", "login", "--max-per-day", "1,50"),
        ("auth", "login", "--max-per-call", "0"),
        ("balance", "--host", "http://example.com"),
        ("balance", "--host", "ftp://localhost"),
        ("balance", "--profile", "a b"),
        ("call", "1", "--idempotency-key", "a b"),
        ("call", "1", "--max-minutes", "soon"),
        ("topup", "20", "--timeout", "soon"),
        ("transactions", "--since", "yesterday"),
        ("transactions", "--since", "2026-02-30"),
        ("transactions", "--limit", "101"),
        ("calls", "list", "--limit", "-5"),
        ("calls", "show", ""),
        ("call", " "),
        ("call", "1", "--max-minutes", "1441"),
        ("call", "1", "--max-cost", "0"),
        ("caller-id", "confirm", "abc"),
        ("caller-id", "remove", ""),
        ("rates", ""),
        ("completions", "powershell"),
        ("help", "nonsense"),
        ("caller-id", "request", "1", "--channel", "pigeon"),
        ("balance", "--token", "two words"),
    ],
)
def test_wrong_words_end_in_two_and_ask_nobody(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    ran = moby.run(*words, "--json")
    assert ran.code == 2
    assert ran.error["message"]
    assert server.received == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("balanc",), "Did you mean: moby balance"),
        (("call", "1", "--contry", "GB"), "Did you mean: --country"),
        (("call", "1", "--nonsense"), "See: moby call --help"),
        (("--profile", "work", "topup"), "See: moby topup --help"),
        (("topup", "-5"), "For example: moby topup 20"),
        (("calls", "list", "--limit", "-5"), "See: moby calls list --help"),
        (("calls", "show", ""), "See: moby calls show --help"),
        (("caller-id", "confirm"), "See: moby caller-id confirm --help"),
        (("call", "1", "--max-minutes", "soon"), "For example: 10 or 2.5"),
        (("--nonsense",), "See what there is: moby --help"),
    ],
)
def test_wrong_words_are_answered_with_what_to_type(
    moby: Moby, words: tuple[str, ...], told: str
) -> None:
    assert moby.run(*words).stderr.splitlines()[1:] == [f"  {told}"]


def test_error_for_a_person_has_a_message_and_a_next_step(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "balance", 403, "account_frozen", message="Frozen.", hint="Write.\nSoon.")
    ran = moby.run("balance", MOBY_TOKEN=d.TOKEN)
    assert ran.stdout == ""
    assert ran.stderr == "moby: Frozen.\n  Write. Soon.\n"


def test_details_of_the_server_reach_the_script(moby: Moby, server: StubServer) -> None:
    candidates = [d.CANDIDATE]
    server.refuse("POST", "quote", 400, "ambiguous_number", details={"candidates": candidates})
    ran = moby.run("call", "2079460018", "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 2
    assert ran.error["details"]["candidates"] == candidates


def test_notices_wait_for_success_and_leave_errors_alone(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    assert "process list" in moby.run("balance", "--json", "--token", d.TOKEN).stderr
    server.refuse("GET", "balance", 404, "not_found")
    ran = moby.run("balance", "--json", "--token", d.TOKEN)
    assert json.loads(ran.stderr)["error"]["code"] == "not_found"


def test_quiet_leaves_the_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "-q", "--json", MOBY_TOKEN=d.TOKEN).json == d.BALANCE
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "-q", MOBY_TOKEN=d.TOKEN).stdout == ""


def test_unforeseen_failure_is_one_and_no_traceback(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", {**d.BALANCE, "held_cents": "a lot", "balance": None})
    ran = moby.run("balance", "-vv", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 1
    assert "Traceback" not in ran.stderr
    assert "mistake in moby" in ran.stderr
    assert d.TOKEN not in ran.stderr
