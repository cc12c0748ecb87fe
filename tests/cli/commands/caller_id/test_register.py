"""`moby caller-id register` and `moby caller-id only-my-number`."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")
PATH = "caller-ids/cid_1/register"
REGISTERED = {**d.REGISTRATION, "state": "registered", "code": None}


def test_code_is_shown_and_the_end_is_awaited(moby: Moby, server: StubServer) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    server.on("GET", PATH, d.REGISTRATION)
    server.on("GET", PATH, REGISTERED)
    ran = moby.run("caller-id", "register", "cid_1", "--wait")
    assert ran.code == 0
    assert ran.stdout.splitlines() == [
        "Our carrier calls +447400123456 from +14157234000, in English.",
        "Pick up and key in: 123456",
        "+447400123456 is registered, so calls may show it.",
    ]


@pytest.mark.parametrize("quieter", ["--json", "--quiet"])
def test_code_goes_to_stderr_where_stdout_is_late_or_quiet(
    moby: Moby, server: StubServer, quieter: str
) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    server.on("GET", PATH, REGISTERED)
    ran = moby.run("caller-id", "register", "cid_1", "--wait", quieter)
    assert ran.code == 0
    assert ran.stderr.splitlines() == [
        "Our carrier calls +447400123456 from +14157234000, in English.",
        "Pick up and key in: 123456",
    ]
    assert "123456\n" not in ran.stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_code_that_is_late_is_shown_once(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("POST", PATH, {**d.REGISTRATION, "code": None})
    server.on("GET", PATH, d.REGISTRATION)
    server.on("GET", PATH, d.REGISTRATION)
    server.on("GET", PATH, REGISTERED)
    ran = moby.run("caller-id", "register", "cid_1", "--wait", *words)
    shown = ran.stderr if words else ran.stdout
    assert (ran.code, shown.count("Pick up and key in: 123456\n")) == (0, 1)


@pytest.mark.parametrize("words", [(), ("--json",), ("--no-wait",)])
def test_without_a_terminal_it_returns_at_once(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    ran = moby.run("caller-id", "register", "cid_1", *words)
    assert (ran.code, "123456" in ran.stdout) == (0, True)
    assert len(server.received) == 1
    assert server.received[0].headers["idempotency-key"].startswith("moby-")


def test_failure_names_its_reason(moby: Moby, server: StubServer) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    failed = {**d.REGISTRATION, "state": "failed", "code": None, "failure": "not_keyed_in"}
    server.on("GET", PATH, failed)
    ran = moby.run("caller-id", "register", "cid_1", "--wait", "--json")
    assert (ran.code, ran.stdout) == (1, "")
    error = json.loads(ran.stderr.splitlines()[-1])["error"]
    assert error["message"] == "not registered: the code was not keyed in"


@pytest.mark.parametrize("words", [("--no-wait",), ("--no-wait", "--json"), ()])
def test_call_without_a_code_yet_is_no_success(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("POST", PATH, {**d.REGISTRATION, "code": None})
    ran = moby.run("caller-id", "register", "cid_1", *words)
    assert (ran.code, "is registered" in ran.stdout) == (0, False)


def test_registration_removed_during_the_wait_is_a_failure(moby: Moby, server: StubServer) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    server.on("GET", PATH, {**d.REGISTRATION, "state": "none", "code": None})
    ran = moby.run("caller-id", "register", "cid_1", "--wait")
    assert (ran.code, "is registered" in ran.stdout) == (1, False)
    assert "not registered: the registration was removed" in ran.stderr


def test_wait_without_an_end_says_how_to_look_again(moby: Moby, server: StubServer) -> None:
    server.on("POST", PATH, d.REGISTRATION)
    for _ in range(150):
        server.on("GET", PATH, d.REGISTRATION)
    ran = moby.run("caller-id", "register", "cid_1", "--wait")
    assert (ran.code, sum(moby.clock.slept)) == (8, 300)
    assert "Look again with the same command." in ran.stderr


def test_number_that_is_registered_already_rings_nowhere(moby: Moby, server: StubServer) -> None:
    server.on("POST", PATH, REGISTERED)
    ran = moby.run("caller-id", "register", "cid_1", "--wait")
    assert ran.stdout == "+447400123456 is registered, so calls may show it.\n"


def test_registration_is_removed(moby: Moby, server: StubServer) -> None:
    server.on("DELETE", PATH, None, status=204)
    assert moby.run("caller-id", "register", "cid_1", "--remove").code == 0


def test_setting_is_changed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/only-my-number", {"only_my_number": True})
    ran = moby.run("caller-id", "only-my-number", "on")
    assert server.received[0].json == {"only_my_number": True}
    assert ran.stdout == "Calls fail where your own number cannot be shown.\n"
    server.on("GET", "status", d.STATUS)
    assert moby.run("caller-id", "only-my-number", "--json").json == {"only_my_number": False}
    assert moby.run("caller-id", "only-my-number", "maybe").code == 2
