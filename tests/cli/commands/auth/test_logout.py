"""`moby auth logout`."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_logout_revokes_first_and_forgets(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", status=204)
    ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.json) == (0, {"signed_out": True, "revoked": True})
    assert server.received[-1].headers["authorization"] == f"Bearer {d.TOKEN}"
    assert not (moby.home / "config" / "credentials.json").exists()
    again = moby.run("auth", "logout", "--json")
    assert (again.code, again.json) == (0, {"signed_out": False, "revoked": False})
    assert moby.run("auth", "logout", "--all", "--json").json == again.json


def test_logout_offline_says_that_the_token_lives(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("DELETE", "token", drops=True)
    ran = moby.run("auth", "logout", "--json")
    assert (ran.code, ran.json["revoked"]) == (0, False)
    assert "could not be revoked" in ran.stderr
    assert moby.run("auth", "token").code == 4


def test_logout_of_a_dead_token_counts_as_revoked(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.refuse("DELETE", "token", 401, "token_revoked")
    assert moby.run("auth", "logout", "--json").json["revoked"] is True


def test_logout_of_all_profiles(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    sign_in(moby, server, "--profile", "work")
    server.on("DELETE", "token", status=204)
    server.on("DELETE", "token", status=204)
    assert moby.run("auth", "logout", "--all").code == 0
    assert moby.run("auth", "token", "--profile", "work").code == 4


def test_logout_reminds_of_a_variable(moby: Moby) -> None:
    assert "MOBY_TOKEN still gives" in moby.run("auth", "logout", MOBY_TOKEN="x").stderr
