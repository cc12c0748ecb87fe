"""`moby auth status`: the same document, signed in or not."""

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
def test_status_tells_the_states_apart(
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


def test_offline_status_asks_nobody(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    before = len(server.received)
    ran = moby.run("auth", "status", "--offline", "--json")
    assert (ran.code, ran.json["actor"]["email"]) == (0, "alice@example.org")
    assert "signed in, not checked" in moby.run("auth", "status", "--offline").stdout
    moby.clock.time += 10**10
    over = moby.run("auth", "status", "--offline", "--json")
    assert (over.code, over.json["reason"]) == (4, "expired")
    assert len(server.received) == before
