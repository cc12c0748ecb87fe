"""Tokens that are kept by several processes, the one that wins, and profiles and hosts."""

from concurrent.futures import ThreadPoolExecutor

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


def test_misspelt_variable_is_shown(moby: Moby) -> None:
    ran = moby.run("balance", MOBY_API_KEY="x")
    assert "MOBY_API_KEY" in ran.stderr
    assert "MOBY_TOKEN" in ran.stderr


def test_parallel_logins_lose_nothing(moby: Moby, server: StubServer) -> None:
    names = [f"p{number}" for number in range(5)]
    for _ in names:
        server.on("GET", "status", d.STATUS)

    def sign_in_as(name: str) -> int:
        words = ("auth", "login", "--with-token", "--insecure-storage", "--profile", name)
        return moby.process(*words, typed=d.TOKEN).code

    with ThreadPoolExecutor(len(names)) as pool:
        assert set(pool.map(sign_in_as, names)) == {0}
    assert {moby.run("auth", "token", "--profile", name).code for name in names} == {0}


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
