"""Values that a shell completes, as moby prints them."""

from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_profiles_complete_without_the_network(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server, "--profile", "work")
    printed = moby.run("completions", "--values", "profiles").stdout
    assert printed == f"work\talice@example.org on {server.url}\n"
