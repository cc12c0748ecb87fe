"""Output on the screen: no control character, and no half of a document."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
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


def test_terminal_without_unicode_ends_nothing(moby: Moby, server: StubServer) -> None:
    status = {**d.STATUS, "token": {**d.STATUS["token"], "name": "Zoë’s 電話"}}
    server.on("GET", "status", status)
    ran = moby.process("auth", "status", MOBY_TOKEN=d.TOKEN, PYTHONIOENCODING="ascii")
    assert (ran.code, "Zo?" in ran.stdout) == (0, True)
