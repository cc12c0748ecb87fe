"""The token that wins, of all that there are."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_precedence_of_tokens(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    file = moby.home / "token"
    file.write_text("from-file\n")
    env = {"MOBY_TOKEN_FILE": str(file)}
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN
    assert moby.run("auth", "token", **env).stdout.strip() == "from-file"
    assert moby.run("auth", "token", **env, MOBY_TOKEN="from-env").stdout.strip() == "from-env"
    words = ("auth", "token", "--token", "from-option", "--json")
    assert moby.run(*words, **env, MOBY_TOKEN="from-env").json["token"] == "from-option"


def test_token_file_that_cannot_be_read_is_an_error(moby: Moby) -> None:
    ran = moby.run("balance", "--json", MOBY_TOKEN_FILE="/nowhere/token")
    assert (ran.code, ran.error["code"]) == (2, "bad_token")


def test_token_stays_with_its_host(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    before = len(server.received)
    other = server.url.replace("127.0.0.1", "localhost")
    assert moby.run("balance", "--host", other).code == 4
    assert len(server.received) == before
