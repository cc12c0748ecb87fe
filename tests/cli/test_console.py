"""Output on the screen: whole documents, no control character; what a terminal asks and shows."""

import re

import pexpect
import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.shown import SHOWN
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

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


@pytest.mark.usefixtures("browser")
def test_narrow_terminal_stacks_what_does_not_fit(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 40)
    text, code = finish(child)
    assert code == 0
    assert f"To:    {d.DESTINATION}" in text
    assert max(len(line) for line in text.splitlines()) <= 40


@pytest.mark.usefixtures("browser")
def test_table_puts_its_last_column_below_before_it_stacks(moby: Moby, server: StubServer) -> None:
    call_id = "call_1".ljust(25, "x")
    server.on("GET", "calls", d.page({**d.COMPLETED, "call_id": call_id}))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 60)
    text, code = finish(child)
    assert code == 0
    assert re.search(rf"When .* Time    Cost\r\n  Id\r\n.* ended .*\r\n  {call_id}\r\n", text)


@pytest.mark.usefixtures("browser")
def test_table_that_just_fits_keeps_its_heading_whole(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    child = moby.spawn("transactions", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 54)
    text, code = finish(child)
    assert code == 0
    assert re.search(r"When .* Amount  Balance\r\n.*-\$0.045  \$19.955\r\n", text)


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_follow_the_terminal(
    moby: Moby, server: StubServer, env: dict[str, str], coloured: bool
) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN, **env)
    child.expect(pexpect.EOF)
    assert ("\x1b[1m" in str(child.before)) is coloured


@pytest.mark.usefixtures("browser")
def test_dumb_terminal_gets_lines_and_no_escape_codes(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    child = moby.spawn("topup", "20", "--wait", "--timeout", "0", MOBY_TOKEN=d.TOKEN, TERM="dumb")
    child.expect(pexpect.EOF)
    text = str(child.before)
    assert "Waiting for the payment …\r\n" in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("browser")
def test_question_breaks_between_words(moby: Moby) -> None:
    child = moby.spawn("auth", "login")
    child.setwinsize(24, 60)
    child.expect(r"\[y/N\]: ")
    assert len(f"{str(child.before).splitlines()[-1]}[y/N]: ") <= 60


@pytest.mark.usefixtures("browser")
def test_ctrl_c_at_a_question_leaves_its_line(moby: Moby) -> None:
    child = moby.spawn("caller-id", "request", MOBY_TOKEN=d.TOKEN)
    child.expect("Country of the phone, such as GB: ")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert text.splitlines()[-1] == "moby: interrupted"


@pytest.mark.usefixtures("browser")
def test_coloured_beginning_takes_no_room(moby: Moby) -> None:
    child = moby.spawn("auth", "token")
    child.setwinsize(24, len(f"moby: you are not signed in to {moby.env['MOBY_HOST']}"))
    child.expect(pexpect.EOF)
    assert f"\x1b[0m you are not signed in to {moby.env['MOBY_HOST']}\r\n" in str(child.before)


@pytest.mark.usefixtures("browser")
def test_no_interaction_never_asks(moby: Moby, server: StubServer) -> None:
    text, code = finish(moby.spawn("auth", "login", "-n"))
    assert code == 1
    assert "[y/N]" not in text


@pytest.mark.usefixtures("browser")
def test_long_lines_break_between_words_on_a_terminal_only(moby: Moby, server: StubServer) -> None:
    token = {**d.STATUS["token"], "scopes": ["account:read", "billing:read", "calls:write"]}
    for _ in range(2):
        server.on("GET", "status", {**d.STATUS, "token": token})
    text, code = finish(moby.spawn("auth", "status", MOBY_TOKEN=d.TOKEN, COLUMNS="42"))
    broken = "Scopes:       account:read, billing:read,\r\n              calls:write\r\n"
    assert (code, broken in text) == (0, True)
    piped = moby.run("auth", "status", MOBY_TOKEN=d.TOKEN, COLUMNS="42").stdout
    assert "account:read, billing:read, calls:write\n" in piped
