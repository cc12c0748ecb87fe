"""The files that moby keeps: private, whole, and named when they cannot be used."""

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


def test_loose_modes_are_told_once(moby: Moby, server: StubServer) -> None:
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
