"""moby caller-id: verify a phone, choose it, and register it."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

pytestmark = pytest.mark.usefixtures("signed_in")


def test_request_sends_what_was_typed(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    words = ("07400 123456", "--country", "GB", "--channel", "call", "--json")
    ran = moby.run("caller-id", "request", *words)
    sent = {"number": "07400 123456", "country": "GB", "channel": "call"}
    assert server.received[0].json == sent
    assert server.received[0].headers["idempotency-key"]
    assert ran.json.keys() >= {
        "verification_id",
        "e164",
        "channel",
        "expires_at",
        "attempts_left",
    }


def test_request_shows_a_person_what_to_do_next(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    out = moby.run("caller-id", "request", d.PHONE).stdout
    assert f"on its way to {d.PHONE} by SMS" in out
    assert "moby caller-id confirm CODE" in out


def test_request_without_a_number_needs_a_terminal(moby: Moby, server: StubServer) -> None:
    ran = moby.run("caller-id", "request", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_caller_id_request_guides(moby: Moby, server: StubServer) -> None:
    number = {
        "e164": d.PHONE,
        "country": "GB",
        "country_name": "United Kingdom",
        "kind": "mobile",
        "international": "+44 7400 123456",
        "callable": True,
        "reason": None,
    }
    server.refuse("POST", "numbers/check", 400, "invalid_number", message="Too short.")
    server.on("POST", "numbers/check", number)
    server.on("POST", "caller-ids", {**d.VERIFICATION, "channel": "call"}, status=201)
    child = moby.spawn("caller-id", "request", MOBY_TOKEN=d.TOKEN)
    child.expect("Country")
    child.sendline("GB")
    child.expect("Its number")
    child.sendline("07400")
    child.expect("Too short")
    child.expect("Its number")
    child.sendline("07400 123456")
    child.expect(r"\+44 7400 123456 \(United Kingdom\): is that your phone\? \[Y/n\]: ")
    child.sendline()
    child.expect("How should the code come")
    child.sendline("2")
    child.expect("by a voice call")
    server.refuse("POST", "caller-ids/confirm", 422, "wrong_code", message="Not that one.")
    server.on("POST", "caller-ids/confirm", d.CALLER_ID)
    child.expect("The code")
    child.sendline("1234 S6")
    child.expect("is not a code")
    child.sendline("000000")
    child.expect("Not that one")
    child.sendline("123 456")
    text, code = finish(child)
    assert (code, "is yours" in text) == (0, True)
    sent = {"number": d.PHONE, "country": "GB", "channel": "call"}
    assert server.received[2].json == sent
    assert server.received[-1].json == {"code": "123456", "verification_id": "ver_1"}


def test_confirm_takes_the_code_alone(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/confirm", d.CALLER_ID)
    assert moby.run("caller-id", "confirm", "123 456", "--json").json == d.CALLER_ID
    assert server.received[0].json == {"code": "123456"}


def test_confirm_takes_the_older_form(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/confirm", {**d.CALLER_ID, "is_default": False})
    ran = moby.run("caller-id", "confirm", "07400123456", "123456", "--country", "GB")
    sent = {"code": "123456", "number": "07400123456", "country": "GB"}
    assert server.received[0].json == sent
    assert "moby caller-id default cid_1" in ran.stdout


def test_list_shows_phones_and_what_is_pending(moby: Moby, server: StubServer) -> None:
    found = {"items": [d.CALLER_ID], "pending": d.VERIFICATION}
    server.on("GET", "caller-ids", found)
    out = moby.run("caller-id", "list").stdout
    assert out.splitlines()[1].split()[:3] == [d.PHONE, "GB", "yes"]
    assert f"A code was sent to {d.PHONE}" in out
    server.on("GET", "caller-ids", found)
    assert moby.run("caller-id", "list", "--json").json == found
    server.on("GET", "caller-ids", {"items": [], "pending": None})
    assert "No phone yet" in moby.run("caller-id", "list").stdout


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
    refused = moby.run("caller-id", "only-my-number", "maybe")
    assert refused.code == 2
    assert "'maybe' is neither on nor off" in refused.stderr


def test_question_for_a_key_is_switched_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/ask-for-key", {"asks_for_key": False})
    ran = moby.run("caller-id", "ask-for-key", "off")
    assert server.received[0].json == {"asks_for_key": False}
    assert "also by a voicemail" in ran.stdout
    account = {**d.STATUS["account"], "asks_for_key": True}
    server.on("GET", "status", {**d.STATUS, "account": account})
    assert moby.run("caller-id", "ask-for-key").stdout == (
        "Your phone asks you to press 1 before the other one rings.\n"
    )
    assert moby.run("caller-id", "ask-for-key", "maybe").code == 2


def test_call_mode_is_changed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/call-mode", {"call_mode": "computer"})
    ran = moby.run("caller-id", "call-mode", "Computer")
    assert server.received[0].json == {"call_mode": "computer"}
    assert ran.stdout == "Calls from a terminal use its computer, unless you say otherwise.\n"
    account = {**d.STATUS["account"], "call_mode": "callback"}
    server.on("GET", "status", {**d.STATUS, "account": account})
    assert moby.run("caller-id", "call-mode", "--json").json == {"call_mode": "callback"}
    assert moby.run("caller-id", "call-mode", "fax").code == 2


def test_country_is_changed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/country", d.COUNTRY)
    ran = moby.run("caller-id", "country", "United", "Kingdom")
    assert server.received[0].json == {"country": "United Kingdom"}
    assert "is read as one in GB" in ran.stdout
    server.on("GET", "status", {**d.STATUS, "account": {"default_country": None}})
    assert moby.run("caller-id", "country", "--json").json == {"default_country": None}
