"""A device login: its pace, what it opens and asks on a terminal, and one that is left."""

import stat
import time

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, TOKEN, granted, pending, sign_in
from tests.cli.stubs import StubServer
from tests.cli.terminal import QUICK, finish, opened


@pytest.mark.usefixtures("browser")
def test_login_opens_the_page_on_enter_only(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", {**QUICK, "interval": 1})
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect("BCDF-GHJK")
    child.expect("left")
    assert opened(moby) == []
    child.sendline()
    for _ in range(3):
        server.on("POST", "/oauth/token", {"error": "authorization_pending"}, status=400)
    child.expect("9:5[0-7] left")
    assert opened(moby) == ["http://localhost:9/device"]
    server.forget()
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    text, code = finish(child)
    assert code == 0
    assert "Signed in to" in text


@pytest.mark.usefixtures("browser")
def test_ctrl_c_ends_a_resumed_login_for_good(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    assert moby.process("auth", "login", "--no-wait", "--insecure-storage").code == 8
    server.on("POST", "/oauth/device_authorization/cancel", {})
    child = moby.spawn("auth", "login", "--resume")
    child.expect("left")
    child.sendintr()
    assert finish(child)[1] == 130
    assert not (moby.home / "config" / "pending-login.json").exists()
    assert "no login is under way" in moby.process("auth", "login", "--resume").stderr


@pytest.mark.usefixtures("browser")
def test_ctrl_c_after_the_approval_leaves_no_token_behind(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS, delay_seconds=5)
    server.on("DELETE", "token", status=204)
    child = moby.spawn("auth", "login", "--insecure-storage")
    while "GET status" not in server.paths():
        time.sleep(0.05)
    child.sendintr()
    assert finish(child)[1] == 130
    assert server.received[-1].headers["authorization"] == f"Bearer {d.TOKEN}"
    assert not (moby.home / "config" / "credentials.json").exists()


@pytest.mark.usefixtures("browser")
def test_ctrl_c_cancels_the_login_on_the_server(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    server.on("POST", "/oauth/device_authorization/cancel", {})
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect("left")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "moby: interrupted" in text
    assert server.received[-1].form["device_code"] == "device-code-that-is-secret"
    assert not (moby.home / "config" / "credentials.json").exists()


@pytest.mark.usefixtures("browser")
def test_plain_storage_is_asked_about_first(moby: Moby, server: StubServer) -> None:
    child = moby.spawn("auth", "login")
    child.expect(r"The keyring cannot keep your token: it is switched off")
    child.expect(r"\[y/N\]: ")
    child.sendline()
    text, code = finish(child)
    assert code == 1
    assert server.received == []
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--no-browser")
    child.expect(r"\[y/N\]: ")
    child.sendline("yes")
    text, code = finish(child)
    assert (code, "plain text" in text) == (0, True)


@pytest.mark.usefixtures("browser")
def test_token_is_typed_unseen(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--with-token", "--insecure-storage")
    child.expect("Token: ")
    child.waitnoecho()
    child.sendline(d.TOKEN)
    text, code = finish(child)
    assert code == 0
    assert d.TOKEN not in text


@pytest.mark.usefixtures("browser")
def test_code_that_ran_out_can_be_renewed(moby: Moby, server: StubServer) -> None:
    start = "/oauth/device_authorization"
    server.on("POST", start, {**QUICK, "expires_in": 0.3})
    server.on("POST", start, {**QUICK, "user_code": "ZXCV-BNMQ"})
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect(r"The code ran out\. Get a new one\? \[Y/n\]: ")
    child.sendline()
    child.expect("ZXCV-BNMQ")
    assert finish(child)[1] == 0


def test_first_poll_waits_an_interval_and_a_fifth(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    assert sum(moby.clock.slept) == pytest.approx(6.0)


def test_slow_down_lasts_for_all_later_polls(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server, "slow_down")
    pending(server)
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 12)


def test_longer_retry_after_wins_over_the_five_seconds(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server, "slow_down", headers={"Retry-After": "20"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 24)


def test_missing_interval_means_five_seconds(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, {k: v for k, v in d.DEVICE.items() if k != "interval"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6.0)


def test_network_faults_double_the_pause_and_end_nothing(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, drops=True)
    server.on("POST", TOKEN, b"<html>", status=502)
    granted(server)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 0
    assert "closed without an answer. Trying again …" in ran.stderr
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 24)


def test_pause_is_the_interval_again_when_the_fault_is_over(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, drops=True)
    pending(server)
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 6)


@pytest.mark.parametrize(("status", "error"), [(400, "slow_down"), (429, "slow_down"), (503, "x")])
def test_long_retry_after_is_waited_for(
    moby: Moby, server: StubServer, status: int, error: str
) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, {"error": error}, status=status, headers={"Retry-After": "120"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 144)


def test_code_that_runs_out_ends_in_four(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, {**d.DEVICE, "expires_in": 10})
    pending(server)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 4
    assert "ran out" in ran.stderr
    assert sum(moby.clock.slept) == pytest.approx(10.0, abs=1.0)


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
