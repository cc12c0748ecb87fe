"""The notice that a sign-in expires soon."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_expiry_is_told_once_a_day(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    soon = {"X-Token-Expires-At": "2026-11-27T00:00:00Z"}
    for _ in range(3):
        server.on("GET", "balance", d.BALANCE, headers=soon)
    assert "expires 2026-11-27" in moby.run("balance").stderr
    assert moby.run("balance").stderr == ""
    moby.clock.time += 86_400
    assert "moby auth refresh" in moby.run("balance").stderr


def test_expiry_far_away_is_not_told(moby: Moby, server: StubServer) -> None:
    later = {"X-Token-Expires-At": "2026-12-24T00:00:00Z"}
    server.on("GET", "balance", d.BALANCE, headers=later)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).stderr == ""
