"""moby auth: the token in use, its life, and the devices that are signed in."""

import pytest

from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_status_document_has_every_field(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    document = moby.run("auth", "status", "--json").json
    assert (document["authenticated"], document["reason"]) == (True, None)
    assert document["actor"]["email"] == "alice@example.org"
    assert document["account"] == {
        "id": "acct_1",
        "caller_id_status": "verified",
        "caller_id_e164": d.PHONE,
    }
    token = document["token"]
    assert (token["name"], token["source"], token["storage"]) == ("laptop", "file", "file")
    assert token["expires_at"] == "2099-12-01T10:00:00Z"
    assert (token["kind"], token["device"]) == ("dev", "anvil")
    assert token["created_at"] == "2026-11-01T10:00:00Z"
    assert (token["scopes"], token["guards"]) == (["account:read", "billing:read"], d.GUARDS)
    assert document["host"] == server.url


STATES = [
    (401, "token_expired", "expired", 4),
    (401, "token_revoked", "revoked", 4),
    (401, "invalid_token", "revoked", 4),
    (429, "throttled", "throttled", 3),
    (503, "unavailable", "unreachable", 3),
]


@pytest.mark.parametrize(("status", "code", "reason", "exit_code"), STATES)
def test_status_shows_the_states_apart(
    moby: Moby, server: StubServer, status: int, code: str, reason: str, exit_code: int
) -> None:
    for _ in range(1 if status == 401 else 3):
        server.refuse("GET", "status", status, code)
    ran = moby.run("auth", "status", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.stderr) == (exit_code, "")
    assert (ran.json["authenticated"], ran.json["reason"]) == (False, reason)
    assert ran.json["token"]["source"] == "MOBY_TOKEN"


def test_status_signed_out_and_unreachable(moby: Moby) -> None:
    out = moby.run("auth", "status", "--json")
    assert (out.code, out.json["reason"]) == (4, "signed_out")
    away = moby.run("auth", "status", "--json", MOBY_HOST=closed_port(), MOBY_TOKEN=d.TOKEN)
    assert (away.code, away.json["reason"]) == (3, "unreachable")


FAULTS = [
    ("config.json", "{", {}, "bad_configuration", "unreachable", 1),
    ("credentials.json", "[]", {}, "bad_configuration", "unreachable", 1),
    ("config.json", "{}", {"MOBY_TOKEN": "two words"}, "bad_token", "signed_out", 2),
    ("config.json", "{}", {"MOBY_TOKEN_FILE": "/nowhere"}, "bad_token", "signed_out", 2),
]


@pytest.mark.parametrize(("name", "text", "env", "fault", "reason", "code"), FAULTS)
def test_status_prints_its_document_whatever_is_wrong_here(
    moby: Moby,
    server: StubServer,
    name: str,
    text: str,
    env: dict[str, str],
    fault: str,
    reason: str,
    code: int,
) -> None:
    sign_in(moby, server)
    (moby.home / "config" / name).write_text(text)
    ran = moby.run("auth", "status", "--json", **env)
    assert (ran.code, ran.json["authenticated"], ran.json["reason"]) == (code, False, reason)
    assert ran.json["host"] == server.url
    assert ran.stderr.startswith("Note: ")
    assert moby.run("balance", "--json", **env).error["code"] == fault


def test_offline_status_asks_no_one(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    before = len(server.received)
    ran = moby.run("auth", "status", "--offline", "--json")
    assert (ran.code, ran.json["actor"]["email"]) == (0, "alice@example.org")
    assert "signed in, not checked" in moby.run("auth", "status", "--offline").stdout
    moby.clock.time += 10**10
    over = moby.run("auth", "status", "--offline", "--json")
    assert (over.code, over.json["reason"]) == (4, "expired")
    assert len(server.received) == before


def test_refresh_replaces_the_token_in_place(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    answer = {**d.STATUS["token"], "token": d.OTHER_TOKEN}
    soon = {"X-Token-Expires-At": "2026-11-25T00:00:00Z"}  # of the old one
    server.on("POST", "token/rotate", answer, headers=soon)
    ran = moby.run("auth", "refresh", "--grace", "60", "--json")
    assert (ran.code, ran.stderr) == (0, "")
    assert d.OTHER_TOKEN not in ran.stdout
    rotated = next(r for r in server.received if r.path.endswith("rotate"))
    assert rotated.json == {"grace_seconds": 60}
    assert rotated.headers["idempotency-key"]
    assert moby.run("auth", "token").stdout.strip() == d.OTHER_TOKEN


def test_refresh_without_an_answer_says_how_to_repeat_it(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    for _ in range(3):
        server.on("POST", "token/rotate", drops=True)
    ran = moby.run("auth", "refresh", "--json")
    key = server.received[-1].headers["idempotency-key"]
    assert (ran.code, f"--idempotency-key {key}" in ran.error["hint"]) == (3, True)
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN


def test_refresh_of_a_variable_is_refused(moby: Moby) -> None:
    ran = moby.run("auth", "refresh", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (2, "token_not_stored")


def test_logout_revokes_first_and_forgets(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", status=204)
    ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.json) == (0, {"signed_out": True, "revoked": True})
    assert server.received[-1].headers["authorization"] == f"Bearer {d.TOKEN}"
    assert not (moby.home / "config" / "credentials.json").exists()
    again = moby.run("auth", "logout", "--json")
    assert (again.code, again.json) == (0, {"signed_out": False, "revoked": False})
    assert moby.run("auth", "logout", "--all", "--json").json == again.json


def test_logout_offline_says_that_the_token_lives(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", drops=True)
    ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.json["revoked"]) == (0, False)
    assert "could not be revoked" in ran.stderr
    assert moby.run("auth", "token").code == 4


def test_logout_of_a_dead_token_counts_as_revoked(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.refuse("DELETE", "token", 401, "token_revoked")
    assert moby.run("auth", "logout", "--json").json["revoked"] is True


def test_logout_of_all_profiles(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    sign_in(moby, server, "--profile", "work")
    server.on("DELETE", "token", status=204)
    server.on("DELETE", "token", status=204)
    assert moby.run("auth", "logout", "--all").code == 0
    assert moby.run("auth", "token", "--profile", "work").code == 4


def test_logout_reminds_of_a_variable(moby: Moby) -> None:
    still = "Note: MOBY_TOKEN is set, so moby still uses that token. Unset it to sign out fully."
    assert still in moby.run("auth", "logout", MOBY_TOKEN="x").stderr


def test_no_sessions_is_no_table(moby: Moby, server: StubServer) -> None:
    server.on("GET", "sessions", d.page())
    ran = moby.run("auth", "sessions", "list", MOBY_TOKEN="t")
    assert ran.stdout == "No device is signed in.\n"


def test_sessions_are_listed_and_revoked(moby: Moby, server: StubServer) -> None:
    server.on("GET", "sessions", d.page(d.SESSION))
    assert "old laptop (this one)" in moby.run("auth", "sessions", "list", MOBY_TOKEN="t").stdout
    server.on("DELETE", "sessions/tok_2", status=204)
    words = ("auth", "sessions", "revoke", "tok_2", "--json")
    assert moby.run(*words, MOBY_TOKEN="t").json == {"id": "tok_2", "revoked": True}
    server.on("GET", "sessions", d.page(d.SESSION))
    listed = moby.run("auth", "sessions", "list", "--json", MOBY_TOKEN="t").json
    assert listed == d.page(d.SESSION)
    server.refuse("DELETE", "sessions/tok_2", 403, "insufficient_scope")
    assert "/settings/tokens" in moby.run(*words, MOBY_TOKEN="t").error["hint"]
