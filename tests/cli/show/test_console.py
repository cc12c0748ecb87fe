"""What reaches the screen: never a secret, never a control character, never half a document."""

import subprocess

import pytest

from tests.cli import documents as d
from tests.cli.conftest import MOBY, Moby
from tests.cli.shown import SHOWN
from tests.cli.stubs import StubServer

HOSTILE = "<b>x</b> \x1b[31mred\x1b]8;;http://evil.test\x07 \x9b2J\u202egnp.exe\u2066\x00\r\nmore"


def fill(value: object) -> object:
    """The same document with hostile text in every free string."""
    if isinstance(value, dict):
        return {k: v if _is_fixed(k) else fill(v) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def _is_fixed(name: str) -> bool:
    numbers = ("price_per_minute", "amount", "balance", "hold", "available", "cost", "total")
    return name in (*numbers, "state", "status", "leg", "version", "balance_after")


@pytest.mark.parametrize(("words", "method", "path", "answer"), SHOWN)
def test_server_text_cannot_move_the_cursor(
    moby: Moby, server: StubServer, words: tuple[str, ...], method: str, path: str, answer: object
) -> None:
    server.on(method, path, fill(answer))
    ran = moby.run(*words, MOBY_TOKEN=d.TOKEN)
    assert ran.code == 0, ran.stderr
    shown = (ran.stdout + ran.stderr).replace("\n", "")
    assert shown.isprintable()
    assert not set(shown) & set("\x1b\x9b\u202e\u2066\x07")


@pytest.mark.parametrize(("words", "method", "path", "answer"), SHOWN)
def test_json_passes_server_text_on_unharmed(
    moby: Moby, server: StubServer, words: tuple[str, ...], method: str, path: str, answer: object
) -> None:
    server.on(method, path, fill(answer))
    ran = moby.run(*words, "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 0
    assert isinstance(ran.json, dict)
    assert ran.stdout.replace("\n", "").isprintable()


def test_markup_is_shown_as_it_is(moby: Moby, server: StubServer) -> None:
    name = "<info>me</info> <b>x</b>"
    status = {**d.STATUS, "token": {**d.STATUS["token"], "name": name}}
    server.on("GET", "status", status)
    assert name in moby.run("auth", "status", MOBY_TOKEN=d.TOKEN).stdout


def test_hostile_error_is_cleaned(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "balance", 404, HOSTILE, message=HOSTILE, hint=HOSTILE)
    ran = moby.run("balance", MOBY_TOKEN=d.TOKEN)
    assert ran.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize("seconds", [0, 59, 60, 3599, 3600, 90_000])
def test_times_read_as_clocks(moby: Moby, server: StubServer, seconds: int) -> None:
    server.on("GET", "calls/call_1", {**d.COMPLETED, "duration_seconds": seconds})
    out = moby.run("calls", "show", "call_1", MOBY_TOKEN=d.TOKEN).stdout
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if hours else str(rest // 60)
    shown = f"{minutes}:{rest % 60:02}"
    assert f"Talked:   {f'{hours}:' if hours else ''}{shown}\n" in out


def test_terminal_without_unicode_ends_nothing(moby: Moby, server: StubServer) -> None:
    status = {**d.STATUS, "token": {**d.STATUS["token"], "name": "Zoë’s 電話"}}
    server.on("GET", "status", status)
    ran = moby.process("auth", "status", MOBY_TOKEN=d.TOKEN, PYTHONIOENCODING="ascii")
    assert (ran.code, "Zo?" in ran.stdout) == (0, True)


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


def test_field_that_cannot_be_used_is_named_with_the_reason(moby: Moby, server: StubServer) -> None:
    refusal = {
        "code": "invalid_request",
        "message": "The request has a field that cannot be used.",
        "hint": "Correct what is named, then send it again.",
        "request_id": "req_1",
        "details": {"fields": {"number": ["This may not be blank."]}},
    }
    server.on("POST", "caller-ids", {"error": refusal}, status=400)
    ran = moby.run("caller-id", "request", "07400 123456", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 2
    assert "  number: This may not be blank." in ran.stderr.splitlines()
