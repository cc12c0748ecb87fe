"""Errors, as a person and a script get them, and exit codes with their meaning."""

from pathlib import Path

import pytest

from moby.errors import CLIENT_ERRORS, MEANINGS, ExitCode, exit_code_for
from tests.cli import documents as d
from tests.cli.program import Moby
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


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("number", "number"),
        ("to", "number"),
        ("max_seconds", "--max-minutes"),
        ("caller_id", "--from"),
        ("max_cost", "--max-cost"),
    ],
)
def test_field_that_cannot_be_used_is_named_as_it_is_typed(
    moby: Moby, server: StubServer, field: str, shown: str
) -> None:
    refusal = {
        "code": "invalid_request",
        "message": "One of the values cannot be used.",
        "hint": "Correct what is named, then send it again.",
        "request_id": "req_1",
        "details": {"fields": {field: ["This may not be blank."]}},
    }
    server.on("POST", "caller-ids", {"error": refusal}, status=400)
    ran = moby.run("caller-id", "request", "07400 123456", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 2
    assert f"  {shown}: This may not be blank." in ran.stderr.splitlines()


ROOT = Path(__file__).parents[2]


def test_every_exit_code_has_its_meaning(moby: Moby) -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert set(CLIENT_ERRORS.values()) | {ExitCode.DONE} == set(ExitCode)
    out = moby.run("help", "exit-codes").stdout
    assert [int(line.split()[0]) for line in out.splitlines()[2:]] == sorted(ExitCode)


def test_exit_codes_are_those_of_the_errors_page() -> None:
    rows = [line.split("|") for line in (ROOT / "docs/errors.md").read_text().splitlines()]
    table = [[cell.strip() for cell in row[1:4]] for row in rows if len(row) > 4]
    documented = [row for row in table if row[1].isdigit()]
    assert len(documented) > 40
    for code, status, exit_code in documented:
        assert exit_code_for(int(status), code.strip("`")) == int(exit_code), code


def test_guide_names_every_error_of_moby() -> None:
    guide = (ROOT / "docs/guide/cli.md").read_text(encoding="utf-8")
    for code, exit_code in CLIENT_ERRORS.items():
        assert f"| `{code}` | {exit_code} |" in guide
