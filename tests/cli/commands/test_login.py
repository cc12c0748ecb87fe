"""auth login: RFC 8628 as a client, with time that passes only when moby waits."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, TOKEN, granted, pending, sign_in
from tests.cli.stubs import StubServer


def test_login_shows_page_and_code_and_keeps_the_token(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server)
    granted(server)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 0
    assert "http://localhost:9/device" in ran.stderr
    assert "BCDF-GHJK" in ran.stderr
    assert ran.stdout.startswith(f"Signed in to {server.url} as alice@example.org.")
    assert "device-code-that-is-secret" not in ran.stdout + ran.stderr
    assert moby.run("auth", "token").stdout == d.TOKEN + "\n"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_poll_follows_no_redirect(moby: Moby, server: StubServer, status: int) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, b"", status=status, headers={"Location": f"{server.url}/elsewhere"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert "POST /elsewhere" not in server.paths()


def test_login_names_client_device_and_grant(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    start, poll = server.received[0].form, server.received[1].form
    assert set(start) == {"client_id", "device_name"}
    assert start["client_id"] == "moby-cli"
    assert poll == {
        "client_id": "moby-cli",
        "device_code": "device-code-that-is-secret",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "login_denied"),
        ("expired_token", "login_expired"),
        ("invalid_grant", "login_failed"),
    ],
)
def test_each_end_has_its_own_message(
    moby: Moby, server: StubServer, error: str, code: str
) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server, error)
    ran = moby.run("auth", "login", FILE, "--json")
    assert ran.code == 4
    assert json.loads(ran.stderr.splitlines()[-1])["error"]["code"] == code
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "you denied this login in the browser"),
        (
            {"error_description": "You have 50 tokens already."},
            "the login was refused: You have 50 tokens already",
        ),
    ],
)
def test_refused_login_says_why(
    moby: Moby, server: StubServer, more: dict[str, str], said: str
) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, {"error": "access_denied", **more}, status=400)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 4
    assert ran.stderr.endswith(f"moby: {said}\n  Start again: moby auth login\n")


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/device",
        "http://mobayilo.com/device",
        "javascript:alert(1)",
        "http://localhost:9/device\x1b[2J",
        "http://localhost@evil.example/device",
        "file:///etc/passwd",
    ],
)
def test_page_elsewhere_is_not_shown(moby: Moby, server: StubServer, uri: str) -> None:
    server.on("POST", START, {**d.DEVICE, "verification_uri": uri})
    ran = moby.run("auth", "login", FILE, "--json")
    assert (ran.code, ran.error["code"]) == (1, "untrusted_verification_uri")
    assert "\x1b" not in ran.stderr


def test_deep_link_elsewhere_is_left_out(moby: Moby, server: StubServer) -> None:
    away = {**d.DEVICE, "verification_uri_complete": "https://evil.example/?user_code=BCDF-GHJK"}
    server.on("POST", START, away)
    granted(server)
    assert "evil" not in moby.run("auth", "login", FILE).stderr


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (400, {"error": "invalid_scope", "error_description": "No such scope."}, 2),
        (429, {"error": "temporarily_unavailable"}, 3),
        (500, b"<html>", 3),
        (200, {"user_code": "BCDF-GHJK"}, 3),
    ],
)
def test_login_that_cannot_start(
    moby: Moby, server: StubServer, status: int, answer: object, code: int
) -> None:
    server.on("POST", START, answer, status=status)
    assert moby.run("auth", "login", FILE).code == code


def test_with_token_reads_standard_input(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "login", "--with-token", FILE, typed=f"{d.TOKEN}\n")
    assert ran.code == 0
    assert server.received[0].headers["authorization"] == f"Bearer {d.TOKEN}"


@pytest.mark.parametrize("typed", ["", "secret\n", d.TOKEN[:-1] + "x\n", "ghp_abc\n"])
def test_with_token_sees_a_slip_before_it_is_sent(moby: Moby, typed: str) -> None:
    ran = moby.run("auth", "login", "--with-token", FILE, "--json", typed=typed)
    assert (ran.code, ran.error["code"]) == (2, "bad_token")


@pytest.mark.parametrize("words", [("login",), ("auth", "login")])
def test_older_forms_work_with_a_note(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("GET", "status", d.STATUS)
    ran = moby.run(*words, "--api-token", d.TOKEN, FILE)
    assert ran.code == 0
    notes = [line for line in ran.stderr.splitlines() if line.startswith("Note:")]
    assert any("process list" in note for note in notes)
    assert len(notes) == len(words) % 2 + 1


def test_older_status_works_with_a_note(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    ran = moby.run("status", "--json", MOBY_TOKEN=d.TOKEN)
    assert ran.json["authenticated"] is True
    assert ran.stderr.count("\n") == 1


def test_no_wait_of_a_second_login_prints_a_document(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "login", "--no-wait")
    assert (ran.code, ran.json["authenticated"]) == (0, True)


def test_failed_login_leaves_the_old_one(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("POST", START, d.DEVICE)
    pending(server, "access_denied")
    assert moby.run("auth", "login", FILE, "--force").code == 4
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN


def test_login_shows_of_a_variable_that_still_wins(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    granted(server)
    ran = moby.run("auth", "login", FILE, MOBY_TOKEN=d.OTHER_TOKEN)
    assert ran.code == 0
    assert "MOBY_TOKEN is set and still wins" in ran.stderr


@pytest.mark.parametrize("phone", ["07400123456", "+0", "+44"])
def test_phone_of_a_token_is_written_with_its_country_code(
    moby: Moby, server: StubServer, phone: str
) -> None:
    ran = moby.run("auth", "login", FILE, "--caller-id", phone)
    assert (ran.code, ran.stderr) == (
        2,
        f"moby: --caller-id '{phone}' has to begin with + and the country code\n"
        "  For example: --caller-id +447400123456\n",
    )
    assert server.received == []


def test_option_that_the_server_cannot_use_is_named(moby: Moby, server: StubServer) -> None:
    why = "“Atlantis” is no country, such as GB, and no prefix such as +4420."
    refusal = {"error": "invalid_request", "error_description": f"destinations: {why}"}
    server.on("POST", START, refusal, status=400)
    ran = moby.run("auth", "login", FILE, "--allow", "Atlantis")
    assert (ran.code, ran.stderr) == (2, f"moby: the login was not started: --allow: {why}\n")


def test_login_asks_for_what_the_options_say(moby: Moby, server: StubServer) -> None:
    words = ["--name", "ci", "--scopes", "calls:write,calls:read", "--expires", "7d"]
    guards = ["--max-per-day", "5.00", "--max-per-call", "$1", "--caller-id", d.PHONE]
    places = ["--allow", "South Korea", "--allow", "gb +4420"]
    sign_in(moby, server, *words, *guards, *places)
    wishes = server.received[0].form
    assert wishes["token_name"] == "ci"
    assert wishes["scope"] == "calls:write calls:read"
    assert wishes["expires_in_days"] == "7"
    assert (wishes["max_cents_per_day"], wishes["max_cents_per_call"]) == ("500", "100")
    assert (wishes["destinations"], wishes["caller_ids"]) == ("South Korea, gb, +4420", d.PHONE)
