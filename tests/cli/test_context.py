"""The browser, where there is one."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import QUICK, finish, opened


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("env", [{"SSH_TTY": "/dev/pts/1"}, {"CI": "true"}])
def test_browser_is_not_offered_where_no_one_sees_it(
    moby: Moby, server: StubServer, env: dict[str, str]
) -> None:
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    text, code = finish(moby.spawn("auth", "login", "--insecure-storage", **env))
    assert code == 0
    assert "Press Enter" not in text


@pytest.mark.usefixtures("browser")
def test_no_browser_opens_none(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", {**QUICK, "interval": 1})
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--no-browser", "--insecure-storage")
    child.expect("BCDF-GHJK")
    child.expect("left")
    child.sendline()
    text, code = finish(child)
    assert (code, opened(moby)) == (0, [])
    assert "Press Enter" not in text


@pytest.mark.usefixtures("signed_in")
def test_windows_browser_is_reached_from_its_linux(moby: Moby, server: StubServer) -> None:
    opener = moby.home / "wslview"
    opener.write_text(f'#!/bin/sh\necho "$1" > {moby.home}/opened\n')
    opener.chmod(0o755)
    server.on("POST", "topups", d.TOPUP, status=201)
    path = f"{moby.home}:{moby.env['PATH']}"
    assert moby.process("topup", "20", "--open", PATH=path, WSL_DISTRO_NAME="Debian").code == 0
    assert (moby.home / "opened").read_text().strip() == d.TOPUP["checkout_url"]


@pytest.mark.usefixtures("signed_in")
def test_browser_that_does_not_open_is_no_failure(moby: Moby, server: StubServer) -> None:
    moby.browser_works = False
    server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run("topup", "20", "--open")
    assert ran.code == 0
    assert "open the page yourself" in ran.stderr


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("env", [{"SSH_TTY": "/dev/pts/1"}, {"CI": "true"}])
@pytest.mark.parametrize("words", [("topup", "20", "--open"), ("calls", "list", "--web")])
def test_page_is_not_opened_where_no_one_sees_it(
    moby: Moby, server: StubServer, words: tuple[str, ...], env: dict[str, str]
) -> None:
    if words[0] == "topup":
        server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run(*words, **env)
    assert (ran.code, moby.opened) == (0, [])
    assert "open the page yourself" in ran.stderr


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://evil.test/"])
def test_only_web_pages_are_opened(moby: Moby, server: StubServer, url: str) -> None:
    server.on("POST", "topups", {**d.TOPUP, "checkout_url": url}, status=201)
    assert moby.run("topup", "20", "--open").code == 0
    assert moby.opened == []
