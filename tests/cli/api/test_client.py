"""Servers that are away, slow, or not ours."""

import pytest

from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize("words", [("balance",), ("calls", "hangup", "call_1"), ("auth", "status")])
def test_server_that_is_down_ends_in_three(moby: Moby, words: tuple[str, ...]) -> None:
    ran = moby.run(*words, MOBY_HOST=closed_port(), MOBY_TOKEN=d.TOKEN)
    assert ran.code == 3
    assert ran.stderr.startswith("moby: cannot reach http://127.0.0.1")
    assert "nothing answers there" in ran.stderr


def test_name_that_does_not_exist_is_named(moby: Moby) -> None:
    ran = moby.run("balance", "--json", MOBY_HOST="https://nowhere.invalid", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 3
    assert ran.error["code"] == "network_error"


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"[1]", b'{"other": 1}', b"\xff"])
def test_answer_that_is_no_answer_ends_in_three(
    moby: Moby, server: StubServer, body: bytes
) -> None:
    server.on("GET", "balance", body)
    ran = moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "unexpected_answer")
    assert ran.error["request_id"] == "req_9"


def test_html_of_a_failing_proxy_ends_in_three(moby: Moby, server: StubServer) -> None:
    for _ in range(3):
        server.on("GET", "balance", b"<html>", status=502, headers={"Content-Type": "text/html"})
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 3


def test_read_is_repeated_after_a_lost_connection(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", drops=True)
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN).json == d.BALANCE


def test_write_is_repeated_with_its_key(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", drops=True)
    server.on("POST", "topups", d.TOPUP, status=201)
    words = ("topup", "20", "--json", "--idempotency-key", "mine-1")
    assert moby.run(*words, MOBY_TOKEN=d.TOKEN).code == 0
    assert [r.headers["idempotency-key"] for r in server.received] == ["mine-1", "mine-1"]


def test_write_without_a_key_is_never_repeated(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/cid_1/default", drops=True)
    assert moby.run("caller-id", "default", "cid_1", MOBY_TOKEN=d.TOKEN).code == 3
    assert len(server.received) == 1


def test_hanging_up_is_repeated_since_it_changes_nothing_more(
    moby: Moby, server: StubServer
) -> None:
    server.on("POST", "calls/call_1/hangup", drops=True)
    server.on("POST", "calls/call_1/hangup", d.CALL)
    assert moby.run("calls", "hangup", "call_1", MOBY_TOKEN=d.TOKEN).code == 0


def test_retry_after_is_honoured(moby: Moby, server: StubServer) -> None:
    error = {"error": {"code": "throttled", "message": "Slow."}}
    server.on("GET", "balance", error, status=429, headers={"Retry-After": "7"})
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 0
    assert moby.clock.slept == [7.0]


def test_long_retry_after_is_left_to_the_person(moby: Moby, server: StubServer) -> None:
    error = {"error": {"code": "throttled", "message": "Slow.", "hint": "Later."}}
    server.on("GET", "balance", error, status=429, headers={"Retry-After": "600"})
    ran = moby.run("balance", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, moby.clock.slept) == (3, [])


def test_redirect_is_not_followed_with_the_token(moby: Moby, server: StubServer) -> None:
    away = {"Location": f"{server.url}/elsewhere"}
    server.on("GET", "balance", b"", status=302, headers=away)
    server.on("POST", "topups", b"", status=307, headers=away)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 3
    assert moby.run("topup", "20", MOBY_TOKEN=d.TOKEN).code == 3
    assert server.paths() == ["GET balance", "POST topups"]


def test_netrc_does_not_replace_the_token(moby: Moby, server: StubServer) -> None:
    netrc = moby.home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "balance", d.BALANCE)
    assert moby.process("topup", "20", MOBY_TOKEN=d.TOKEN).code == 0
    assert moby.process("balance", MOBY_TOKEN=d.TOKEN).code == 0
    assert {r.headers["authorization"] for r in server.received} == {f"Bearer {d.TOKEN}"}


@pytest.mark.parametrize("words", [("balance",), ("calls", "hangup", "call_1")])
def test_certificates_that_cannot_be_read_end_in_two(moby: Moby, words: tuple[str, ...]) -> None:
    missing = str(moby.home / "missing.pem")
    env = {"MOBY_HOST": "https://127.0.0.1:9", "REQUESTS_CA_BUNDLE": missing}
    ran = moby.run(*words, MOBY_TOKEN=d.TOKEN, **env)
    assert ran.code == 2
    assert "moby: " in ran.stderr


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


def test_refusals_are_asked_for_in_words_for_a_terminal(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 0
    assert server.received[0].headers["x-client-id"] == "moby-cli"


@pytest.mark.parametrize(
    ("status", "code", "hint", "is_shown"),
    [
        (500, "server_error", "Try again.", True),
        (403, "country_closed", "Write to support.", True),
        (403, "country_closed", "Call another country.", False),
        (429, "throttled", "Wait.", False),
    ],
)
def test_request_id_is_shown_where_support_needs_it(
    moby: Moby, server: StubServer, status: int, code: str, hint: str, is_shown: bool
) -> None:
    for _ in range(3):
        server.refuse("GET", "balance", status, code, hint=hint)
    err = moby.run("balance", MOBY_TOKEN=d.TOKEN).stderr
    assert ("Request id: req_1" in err) is is_shown
    server.forget()


def test_missing_right_of_a_token_from_outside_is_not_signed_in_for(
    moby: Moby, server: StubServer
) -> None:
    server.refuse("GET", "balance", 403, "insufficient_scope")
    ran = moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.error["hint"] == "The token comes from MOBY_TOKEN. Use one there that may do this."
