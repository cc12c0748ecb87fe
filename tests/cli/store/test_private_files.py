"""The files that moby keeps: private, whole, and named when they cannot be used."""

import errno
import fcntl
import os
import stat

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_files_are_private(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    folder = moby.home / "config"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {0o600}
    assert d.TOKEN not in (folder / "config.json").read_text()


def test_loose_modes_are_tightened(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    file = moby.home / "config" / "credentials.json"
    file.chmod(0o644)
    assert moby.run("auth", "token").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_loose_modes_are_shown_once(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    file = moby.home / "config" / "credentials.json"
    file.chmod(0o644)
    ran = moby.run("auth", "token")
    assert (ran.stdout.strip(), f"other users could read {file}" in ran.stderr) == (d.TOKEN, True)
    assert moby.run("auth", "token").stderr == ""


def test_symlinks_are_refused(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    file = moby.home / "config" / "credentials.json"
    elsewhere = file.rename(moby.home / "elsewhere.json")
    file.symlink_to(elsewhere)
    ran = moby.run("auth", "token", "--json")
    assert (ran.code, ran.error["code"]) == (1, "insecure_file")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"profiles": 3}',
        '{"profiles": {"default": []}}',
        '{"profiles": {"a": {"logins": 3}}}',
    ],
)
def test_broken_configuration_is_named(moby: Moby, text: str) -> None:
    (moby.home / "config").mkdir(mode=0o700)
    (moby.home / "config" / "config.json").write_text(text)
    ran = moby.run("balance", "--json")
    assert (ran.code, ran.error["code"]) == (1, "bad_configuration")
    assert "config.json" in ran.error["message"]


def test_another_writer_is_waited_for_and_then_named(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", status=204)
    with (moby.home / "config" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.error["code"]) == (1, "bad_configuration")
    assert "another moby holds" in ran.error["message"]


def test_notice_that_cannot_be_noted_fails_nothing(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    lock = moby.home / "config" / "lock"
    lock.unlink()
    lock.mkdir()
    for _ in range(2):
        server.on("GET", "balance", d.BALANCE, headers={"X-Token-Expires-At": "2026-11-27T00:00Z"})
        ran = moby.run("balance")
        assert (ran.code, "expires 2026-11-27" in ran.stderr) == (0, True)


def test_files_that_cannot_be_written_are_named(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", status=204)
    draft = moby.home / "config" / f".config.json.{os.getpid()}"
    draft.mkdir()
    ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.error["code"]) == (1, "insecure_file")
    assert "config.json cannot be used" in ran.error["message"]


@pytest.mark.skipif(os.getuid() != 0, reason="another user is needed")
@pytest.mark.parametrize("home", [None, "closed"])
def test_user_without_a_home_needs_none_with_a_token(
    moby: Moby, server: StubServer, home: str | None
) -> None:
    del moby.env["HOME"], moby.env["MOBY_CONFIG_DIR"]
    if home:
        (moby.home / home).mkdir(mode=0o700)
        moby.env["HOME"] = str(moby.home / home)
    server.on("GET", "balance", d.BALANCE)
    line = "setpriv --reuid 54321 --clear-groups moby balance --json"
    ran = moby.shell(line, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.stderr) == (0, "")


def test_drive_without_locks_keeps_a_sign_in(
    moby: Moby, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)  # as NFS without its lock daemon does
    sign_in(moby, server)
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN


def test_drive_without_modes_is_not_said_to_be_mended(
    moby: Moby, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(moby, server)
    (moby.home / "config" / "credentials.json").chmod(0o644)
    monkeypatch.setattr(os, "fchmod", lambda handle, mode: None)  # as a Windows drive in WSL does
    assert moby.run("auth", "token").stderr == ""


def test_folder_of_an_unknown_user_is_named(moby: Moby) -> None:
    ran = moby.run("balance", "--json", MOBY_CONFIG_DIR="~nosuchuser/x", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (1, "bad_configuration")
    assert "~nosuchuser/x, and there is no such user" in ran.error["message"]
