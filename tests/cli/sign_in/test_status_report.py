"""The report on a sign-in."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_status_names_the_winner_and_what_it_shadows(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    server.on("GET", "status", d.STATUS)
    ran = moby.run("auth", "status", MOBY_TOKEN=d.OTHER_TOKEN)
    assert "Kept in:      MOBY_TOKEN" in ran.stdout
    assert "Note: MOBY_TOKEN is used; file would be next." in ran.stderr
    assert "Limits:       $5.00 a day; calls to GB" in ran.stdout


def test_status_tells_of_a_frozen_account(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", {**d.STATUS, "account": {**d.STATUS["account"], "frozen": True}})
    assert "frozen" in moby.run("auth", "status", MOBY_TOKEN=d.TOKEN).stdout
