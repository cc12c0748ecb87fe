"""A new token: verified, kept, reported, and the old one revoked."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, TOKEN, granted, sign_in
from tests.cli.stubs import StubServer


def test_refused_token_is_not_kept(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "status", 401, "invalid_token")
    ran = moby.run("auth", "login", "--with-token", FILE, typed=d.TOKEN)
    assert ran.code == 4
    assert moby.run("auth", "token").code == 4


def test_second_login_says_who_is_signed_in(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 0
    assert "already" in ran.stdout
    assert "--force" in ran.stderr


def test_new_login_revokes_the_old_token_last(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, {**d.GRANTED, "access_token": d.OTHER_TOKEN})
    server.on("GET", "status", d.STATUS)
    server.on("DELETE", "token", status=204)
    assert moby.run("auth", "login", FILE, "--force").code == 0
    last = server.received[-1]
    assert (last.method, last.headers["authorization"]) == ("DELETE", f"Bearer {d.TOKEN}")
    assert moby.run("auth", "token").stdout.strip() == d.OTHER_TOKEN


def test_place_that_keeps_no_token_is_found_before_one_is_asked_for(
    moby: Moby, server: StubServer
) -> None:
    folder = moby.home / "config"
    folder.mkdir(mode=0o700)
    (folder / "credentials.json").symlink_to(moby.home / "elsewhere")
    ran = moby.run("auth", "login", FILE, "--json")
    assert (ran.code, ran.error["code"]) == (1, "insecure_file")
    assert not (moby.home / "elsewhere").exists()
    assert server.received == []


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 5), (500, 3)])
def test_device_token_that_cannot_be_verified_is_revoked(
    moby: Moby, server: StubServer, status: int, code: int
) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, d.GRANTED)
    for _ in range(3 if status == 500 else 1):
        server.refuse("GET", "status", status, "x")
    server.on("DELETE", "token", status=204)
    assert moby.run("auth", "login", FILE).code == code
    assert server.received[-1].method == "DELETE"


def test_old_token_that_cannot_be_revoked_is_shown(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    server.on("DELETE", "token", drops=True)
    ran = moby.run("auth", "login", "--with-token", FILE, typed=d.OTHER_TOKEN)
    assert ran.code == 0
    revoke = f"Revoke it on {server.url}/settings/tokens."
    assert f"Note: your old token still works. {revoke}" in ran.stderr


def test_status_names_the_winner_and_what_it_shadows(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "status", MOBY_TOKEN=d.OTHER_TOKEN)
    assert "Kept in:      MOBY_TOKEN" in ran.stdout
    assert "Note: MOBY_TOKEN is used; file would be next." in ran.stderr
    assert "Limits:       $5.00 a day; calls to GB" in ran.stdout


def test_status_shows_of_a_frozen_account(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", {**d.STATUS, "account": {**d.STATUS["account"], "frozen": True}})
    assert "frozen" in moby.run("auth", "status", MOBY_TOKEN=d.TOKEN).stdout


def test_login_and_status_say_what_lies_in_plain_text(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    granted(server)
    file = moby.home / "config" / "credentials.json"
    assert f"is kept in plain text in {file}." in moby.run("auth", "login", FILE).stdout
    server.on("GET", "status", d.STATUS)
    assert f"{file}, in plain text" in moby.run("auth", "status").stdout
