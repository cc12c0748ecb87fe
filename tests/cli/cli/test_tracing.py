"""Requests, as -vv shows them; every command at every verbosity, searched for secrets."""

import pytest

from moby.command_names import COMMANDS
from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby, Ran
from tests.cli.shown import CODE, SHOWN
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer

SECRETS = [d.TOKEN, d.OTHER_TOKEN, "device-code-that-is-secret", CODE, d.PHONE, d.DESTINATION]
VERBOSITIES = ["-v", "-vv", "-vvv"]


def traces(stderr: str) -> str:
    """Return the lines that verbosity adds, without the output that was asked for."""
    lines = stderr.splitlines()
    return "\n".join(x for x in lines if x.startswith(("GET ", "POST ", "DELETE ", "  >", "  <")))


@pytest.mark.parametrize("verbosity", VERBOSITIES)
@pytest.mark.parametrize(("words", "method", "path", "answer"), SHOWN)
def test_no_verbosity_shows_a_secret(
    moby: Moby,
    server: StubServer,
    words: tuple[str, ...],
    method: str,
    path: str,
    answer: object,
    verbosity: str,
) -> None:
    server.on(method, path, answer)
    ran = moby.run(*words, verbosity, MOBY_TOKEN=d.TOKEN)
    trace = traces(ran.stderr)
    assert f"{method} " in trace
    assert "req_9" in trace
    assert not [secret for secret in SECRETS if secret in trace]
    assert d.TOKEN not in ran.stdout + ran.stderr
    assert "Authorization" not in ran.stderr


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_login_shows_no_secret_at_any_verbosity(
    moby: Moby, server: StubServer, verbosity: str
) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "login", "--insecure-storage", verbosity)
    assert ran.code == 0
    assert "BCDF-GHJK" not in traces(ran.stderr)
    assert not [s for s in (d.TOKEN, "device-code-that-is-secret") if s in ran.stdout + ran.stderr]
    server.on("POST", "token/rotate", {**d.STATUS["token"], "token": d.OTHER_TOKEN})
    for _ in range(2):
        server.on("DELETE", "token", status=204)
    for words in [("auth", "refresh"), ("auth", "logout"), ("logout",)]:
        if words == ("logout",):
            sign_in(moby, server)
        ran = moby.run(*words, verbosity)
        assert ran.code == 0
        assert not [s for s in (d.TOKEN, d.OTHER_TOKEN) if s in ran.stdout + ran.stderr]


# Commands that the table of one request cannot hold; each has a test of its own, here or for the
# agent.
ELSEWHERE = {
    *("auth login", "auth logout", "auth refresh", "auth token", "login", "logout", "doctor"),
    *("agent run", "agent status", "agent stop", "keys"),
}
# They know no secret: they read no token and ask no server.
SILENT = {"completions", "help", "version", "config get", "config list", "config set"}


def test_no_command_is_forgotten() -> None:
    shown = [" ".join(words) for words, *_ in SHOWN]
    searched = {
        name for name in COMMANDS if any(f"{text} ".startswith(f"{name} ") for text in shown)
    }
    assert searched | ELSEWHERE | SILENT == set(COMMANDS)


@pytest.mark.parametrize("json_too", [(), ("--json",)])
@pytest.mark.parametrize(("words", "method", "path", "answer"), SHOWN)
def test_failure_shows_no_secret(
    moby: Moby,
    server: StubServer,
    words: tuple[str, ...],
    method: str,
    path: str,
    answer: object,
    json_too: tuple[str, ...],
) -> None:
    details = {"token": d.TOKEN, "device_code": "device-code-that-is-secret", "code": CODE}
    server.refuse(method, path, 409, "token_already_rotated", details=details)
    ran = moby.run(*words, *json_too, "-vvv", MOBY_TOKEN=d.TOKEN)
    assert ran.code in (1, 2)
    assert not [secret for secret in SECRETS if secret in traces(ran.stderr)]
    assert d.TOKEN not in ran.stdout + ("" if json_too else ran.stderr)


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_given_token_is_shown_nowhere(moby: Moby, server: StubServer, verbosity: str) -> None:
    ways = [("auth", "login", "--with-token"), *(
        (*name, "--api-token", d.TOKEN) for name in (("login",), ("auth", "login"))
    )]  # fmt: skip
    for words in ways:
        server.on("GET", "status", d.STATUS)
        ran = moby.run(*words, "--insecure-storage", verbosity, typed=d.TOKEN)
        assert ran.code == 0
        assert not hidden(ran)
        refused = moby.run(*words, "--host", closed_port(), verbosity, typed=d.TOKEN)
        assert refused.code != 0
        assert not hidden(refused)


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_login_left_and_resumed_shows_no_secret(
    moby: Moby, server: StubServer, verbosity: str
) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    left = moby.run("auth", "login", "--no-wait", "--insecure-storage", verbosity)
    for error, code in (("authorization_pending", 8), ("access_denied", 4)):
        server.on("POST", "/oauth/token", {"error": error}, status=400)
        ran = moby.run("auth", "login", "--resume", "--no-wait", verbosity)
        assert (ran.code, hidden(ran)) == (code, [])
    assert (left.code, hidden(left)) == (8, [])
    assert "BCDF-GHJK" not in traces(left.stderr)


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_token_is_printed_once_where_it_is_asked_for(
    moby: Moby, server: StubServer, verbosity: str
) -> None:
    sign_in(moby, server)
    ran = moby.run("auth", "token", verbosity)
    assert (ran.stdout, ran.stderr) == (f"{d.TOKEN}\n", "")
    ran = moby.run("auth", "token", "--json", verbosity)
    assert (ran.json["token"], ran.stderr) == (d.TOKEN, "")


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_doctor_shows_no_secret(moby: Moby, server: StubServer, verbosity: str) -> None:
    sign_in(moby, server)
    for path, answer in (("client", d.offered()), ("client", d.offered()), ("status", d.STATUS)):
        server.on("GET", path, answer)
    assert not hidden(moby.run("doctor", verbosity))
    assert not hidden(moby.run("doctor", verbosity, MOBY_HOST=closed_port(), MOBY_TOKEN=d.TOKEN))


@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_call_that_is_placed_shows_no_secret(
    moby: Moby, server: StubServer, verbosity: str
) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    ran = moby.run("call", d.DESTINATION, "--json", verbosity, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, hidden(ran)) == (0, [])
    assert not [number for number in (d.PHONE, d.DESTINATION) if number in traces(ran.stderr)]


def hidden(ran: Ran) -> list[str]:
    """The secrets that a run shows anywhere."""
    secrets = (d.TOKEN, d.OTHER_TOKEN, "device-code-that-is-secret")
    return [secret for secret in secrets if secret in ran.stdout + ran.stderr]


def test_numbers_in_addresses_keep_four_digits(moby: Moby, server: StubServer) -> None:
    server.on("GET", "rates", d.RATES)
    ran = moby.run("rates", d.DESTINATION, "-vvv", "--json")
    assert "number=…0018" in ran.stderr
    assert d.DESTINATION not in ran.stderr


def test_error_of_a_code_keeps_its_name_in_the_trace(moby: Moby, server: StubServer) -> None:
    server.refuse("POST", "caller-ids/confirm", 422, "wrong_code")
    ran = moby.run("caller-id", "confirm", CODE, "-vvv", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 1
    assert '"code": "wrong_code"' in ran.stderr
    assert '"code": "****"' in ran.stderr
    assert CODE not in ran.stderr
