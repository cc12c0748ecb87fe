"""The configuration: profiles, the host, variables."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_host_of_the_login_is_remembered(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    host = moby.env.pop("MOBY_HOST")
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance").code == 0
    assert moby.run("auth", "status", "--offline", "--json").json["host"] == host


def test_profiles_are_separate_sign_ins(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server, "--profile", "work")
    assert moby.run("auth", "token").code == 4
    assert moby.run("auth", "token", "--profile", "work").stdout.strip() == d.TOKEN
    assert moby.run("auth", "token", MOBY_PROFILE="work").stdout.strip() == d.TOKEN
    advice = moby.run("balance", "--profile", "home").stderr
    assert "moby auth login --profile home" in advice


def test_misspelt_variable_is_told(moby: Moby) -> None:
    ran = moby.run("balance", MOBY_API_KEY="x")
    assert "MOBY_API_KEY" in ran.stderr
    assert "MOBY_TOKEN" in ran.stderr
