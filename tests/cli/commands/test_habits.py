"""Habits of people who type: short names, no id where one call runs, options anywhere."""

import os
import signal
import termios
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import resolve

from moby import __version__
from tests.cli import documents as d
from tests.cli.placing import RINGING
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.mark.parametrize(
    "words",
    [
        ("calls", "--json", "list"),
        ("--json", "calls", "list"),
        ("calls", "--state", "ended", "list", "--json"),
        ("--state", "Ended", "--json", "calls", "list"),
        ("--profile", "default", "calls", "--json", "list"),
    ],
)
def test_options_stand_before_between_and_after_the_names(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    assert moby.run(*words).json["items"][0]["call_id"] == "call_1"
    if "--state" in words:
        assert server.received[0].query["state"] == ["completed"]


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ("ended", "completed"), ("not answered", "no_answer"), ("no-answer", "no_answer"),
        ("cancelled", "canceled"), ("ringing them", "ringing"), ("BUSY", "busy"),
        ("running", "active"), ("active", "active"), ("completed", "completed"),
    ],
)  # fmt: skip
def test_state_is_taken_as_it_is_shown(
    moby: Moby, server: StubServer, shown: str, state: str
) -> None:
    server.on("GET", "calls", d.page())
    moby.run("calls", "list", "--state", shown)
    assert server.received[0].query["state"] == [state]


def test_state_that_no_call_has_is_refused_with_those_that_it_may_have(moby: Moby) -> None:
    ran = moby.run("calls", "list", "--state", "foo", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.stderr) == (
        2,
        "moby: --state 'foo' is not a state\n"
        "  Use active, ended, busy, not answered, failed or cancelled.\n",
    )


def test_days_are_those_of_the_clock_that_the_list_shows(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    days = ("--since", "2026-11-24", "--until", "2026-11-24")
    child = moby.spawn("calls", "list", *days, MOBY_TOKEN=d.TOKEN, TZ="America/New_York")
    assert "2026-11-24 15:00" in finish(child)[0]
    assert server.received[0].query["since"] == ["2026-11-24T05:00:00Z"]
    assert server.received[0].query["until"] == ["2026-11-25T04:59:59.999999Z"]


def test_hangup_without_an_id_ends_the_call_under_way(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(RINGING))
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    assert moby.run("calls", "hangup", "--json").json["call_id"] == "call_1"
    assert server.received[0].query["state"] == ["active"]


def test_hangup_without_an_id_refuses_none_and_several(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page())
    none = moby.run("calls", "hangup")
    assert (none.code, "no call is under way" in none.stderr) == (6, True)
    server.on("GET", "calls", d.page(RINGING, {**RINGING, "call_id": "call_2"}))
    several = moby.run("calls", "hangup")
    assert several.code == 2
    assert f"call_2 to {d.DESTINATION}, ringing them" in several.stderr


def test_hangup_asks_which_of_several_on_a_terminal(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(RINGING, {**RINGING, "call_id": "call_2"}))
    server.on("POST", "calls/call_2/hangup", d.COMPLETED)
    child = moby.spawn("calls", "hangup", MOBY_TOKEN=d.TOKEN)
    child.expect("Which one ends")
    child.sendline("2")
    assert finish(child)[1] == 0
    assert server.received[-1].path.endswith("calls/call_2/hangup")


def test_show_without_an_id_shows_the_newest(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    server.on("GET", "calls/call_1", d.COMPLETED)
    assert moby.run("calls", "show", "--json").json["call_id"] == "call_1"
    server.on("GET", "topups", d.page())
    assert moby.run("topups", "show").code == 6


def test_whoami_logout_and_version_are_commands(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    who = moby.run("whoami").stdout
    assert (
        who
        == f"{d.STATUS['actor']['email']}, account {d.STATUS['account']['id']}, at {server.url}\n"
    )
    assert moby.run("version").stdout == moby.run("--version").stdout
    assert moby.run("version", "--json").json == {"version": __version__}
    assert "not signed in" in moby.run("logout").stdout


@pytest.mark.parametrize(
    ("words", "question", "answer", "path", "document"),
    [
        (("topup",), "How much", "20", "topups", d.TOPUP),
        (("rates",), "Which country", "GB", "rates/GB", d.RATES),
        (("caller-id", "confirm"), "The code", "918273", "caller-ids/confirm", d.CALLER_ID),
        (
            ("caller-id", "register"),
            "Which of your phones",
            "cid_1",
            "caller-ids/cid_1/register",
            {**d.REGISTRATION, "state": "registered", "code": None},
        ),
    ],
)
def test_what_is_missing_is_asked_for_on_a_terminal(
    moby: Moby, server: StubServer, words: tuple[str, ...], question: str, answer: str,
    path: str, document: object,
) -> None:  # fmt: skip
    server.on("GET" if words == ("rates",) else "POST", path, document)
    assert moby.run(*words).code == 2
    child = moby.spawn(*words, MOBY_TOKEN=d.TOKEN)
    child.expect(question)
    child.sendline("")
    child.expect(question)
    child.sendline(answer)
    assert finish(child)[1] == 0


def test_keys_work_after_the_terminal_was_given_back(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    server.on("GET", "calls/call_1", status=304)
    server.on("GET", "balance", d.BALANCE)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    in_lines = termios.tcgetattr(child.child_fd)
    child.expect("ringing them")
    os.kill(child.pid, signal.SIGSTOP)
    termios.tcsetattr(child.child_fd, termios.TCSANOW, in_lines)  # as the shell does
    os.kill(child.pid, signal.SIGCONT)
    child.expect("ringing them")
    child.send("h")
    text, code = finish(child)
    assert (code, "Hanging up" in text) == (0, True)


def test_list_on_a_terminal_says_how_long_ago_and_in_colour(moby: Moby, server: StubServer) -> None:
    began = datetime.now(UTC) - timedelta(hours=3)
    older = began - timedelta(days=3)
    calls = [
        {**d.COMPLETED, "created_at": began.isoformat()},
        {**d.BUSY, "call_id": "call_2", "created_at": older.isoformat()},
    ]
    for _ in range(3):
        server.on("GET", "calls", d.page(*calls))
    shown = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN).read()
    assert "3 hours ago" in shown
    assert f"{older:%Y-%m-%d %H:%M}" in shown
    assert "\x1b[32mended" in shown
    plain = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN, NO_COLOR="1").read()
    assert "\x1b[3" not in plain
    piped = moby.run("calls", "list").stdout
    assert "ago" not in piped
    assert "\x1b" not in piped


LONG_CALL = {**d.COMPLETED, "call_id": f"call_{'x' * 22}", "to": "+447700900123456"}
LONG_TOPUP = {**d.PAID_TOPUP, "topup_id": f"top_{'x' * 22}"}
LONG_RATE = {**d.RATE, "prefixes": [f"4479{n:03}" for n in range(9)]}


@pytest.mark.parametrize(
    ("words", "path", "document"),
    [
        (("calls", "list"), "calls", d.page(LONG_CALL, LONG_CALL)),
        (("rates", "GB"), "rates/GB", {**d.RATES, "rates": [LONG_RATE]}),
        (("topups", "list"), "topups", d.page(LONG_TOPUP)),
    ],
)
def test_lists_fit_eighty_columns(
    moby: Moby, server: StubServer, words: tuple[str, ...], path: str, document: object
) -> None:
    server.on("GET", path, document)
    child = moby.spawn(*words, MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 80)
    text, code = finish(child)
    assert code == 0
    assert 40 < max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("calls", "list"), "/calls"),
        (("calls", "show", "call_1"), "/calls/call_1"),
        (("balance",), "/statement"),
        (("transactions",), "/statement"),
        (("topups", "list"), "/topup"),
        (("caller-id", "list"), "/caller-ids"),
        (("auth", "sessions", "list"), "/settings/devices"),
    ],
)
def test_web_opens_a_page_that_the_site_has(
    moby: Moby, server: StubServer, words: tuple[str, ...], path: str
) -> None:
    shown = moby.run(*words, "--web")
    assert (shown.code, shown.stdout) == (0, f"{server.url}{path}\n")
    assert moby.opened == [f"{server.url}{path}"]
    assert resolve(path).url_name
    moby.browser_works = False
    assert "open the page yourself" in moby.run(*words, "--web").stderr
