"""A login on a terminal: what it opens, asks and leaves behind."""

import time

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import QUICK, finish, opened

pytestmark = pytest.mark.usefixtures("browser")


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


def test_token_is_typed_unseen(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--with-token", "--insecure-storage")
    child.expect("Token: ")
    child.waitnoecho()
    child.sendline(d.TOKEN)
    text, code = finish(child)
    assert code == 0
    assert d.TOKEN not in text


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
