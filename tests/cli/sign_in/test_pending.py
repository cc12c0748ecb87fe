"""Logins that one command leaves and another finishes."""

import stat

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, granted, pending
from tests.cli.stubs import StubServer


def test_no_wait_leaves_a_login_that_resume_finishes(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    left = moby.run("auth", "login", "--no-wait", FILE)
    assert left.code == 8
    assert left.json["user_code"] == "BCDF-GHJK"
    assert left.json["expires_at"] == "2026-11-24T20:10:00Z"
    assert left.json["resume"] == f"moby auth login --resume --host {server.url}"
    kept = moby.home / "config" / "pending-login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    granted(server)
    assert moby.run("auth", "login", "--resume").code == 0
    assert not kept.exists()
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN


def test_resume_without_waiting_polls_once(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    moby.run("auth", "login", "--no-wait", FILE)
    pending(server)
    assert moby.run("auth", "login", "--resume", "--no-wait").code == 8
    granted(server)
    assert moby.run("auth", "login", "--resume", "--no-wait").code == 0


def test_resume_names_what_a_later_command_needs(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    left = moby.run("auth", "login", "--no-wait", FILE, "--profile", "work")
    words = left.json["resume"].split()[1:]
    del moby.env["MOBY_HOST"]
    granted(server)
    assert moby.run(*words).code == 0
    assert moby.run("auth", "token", "--profile", "work").stdout.strip() == d.TOKEN


@pytest.mark.parametrize("more", [(), ("--no-wait",)])
@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
def test_resume_of_an_ended_login_forgets_it(
    moby: Moby, server: StubServer, error: str, more: tuple[str, ...]
) -> None:
    server.on("POST", START, d.DEVICE)
    moby.run("auth", "login", "--no-wait", FILE)
    pending(server, error)
    assert moby.run("auth", "login", "--resume", *more).code == 4
    ran = moby.run("auth", "login", "--resume")
    assert "no login is under way" in ran.stderr
