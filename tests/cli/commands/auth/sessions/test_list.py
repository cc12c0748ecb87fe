"""`moby auth sessions`."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


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
