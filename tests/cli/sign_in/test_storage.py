"""The place where a token is kept."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, granted
from tests.cli.stubs import StubServer


def test_login_and_status_say_what_lies_in_plain_text(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    granted(server)
    file = moby.home / "config" / "credentials.json"
    assert f"is kept in plain text in {file}." in moby.run("auth", "login", FILE).stdout
    server.on("GET", "status", d.STATUS)
    assert f"{file}, in plain text" in moby.run("auth", "status").stdout
