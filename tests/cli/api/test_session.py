"""Who is signed in, from where, and how that ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cli import documents as d
from tests.cli.conftest import Moby
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


def test_refresh_replaces_the_token_in_place(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    answer = {**d.STATUS["token"], "token": d.OTHER_TOKEN}
    soon = {"X-Token-Expires-At": "2026-11-25T00:00:00Z"}  # of the old one
    server.on("POST", "token/rotate", answer, headers=soon)
    ran = moby.run("auth", "refresh", "--grace", "60", "--json")
    assert (ran.code, ran.stderr) == (0, "")
    assert d.OTHER_TOKEN not in ran.stdout
    rotated = next(r for r in server.received if r.path.endswith("rotate"))
    assert rotated.json == {"grace_seconds": 60}
    assert rotated.headers["idempotency-key"]
    assert moby.run("auth", "token").stdout.strip() == d.OTHER_TOKEN


def test_refresh_without_an_answer_says_how_to_repeat_it(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    for _ in range(3):
        server.on("POST", "token/rotate", drops=True)
    ran = moby.run("auth", "refresh", "--json")
    key = server.received[-1].headers["idempotency-key"]
    assert (ran.code, f"--idempotency-key {key}" in ran.error["hint"]) == (3, True)
    assert moby.run("auth", "token").stdout.strip() == d.TOKEN


def test_refresh_of_a_variable_is_refused(moby: Moby) -> None:
    ran = moby.run("auth", "refresh", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (2, "token_not_stored")


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


@pytest.mark.parametrize(
    "host",
    [
        "https://user:pw@mobayilo.com",
        "https://mobayilo.com/api",
        "https://mobayilo.com?x=1",
        "https://mobayilo.com:port",
        "https://",
        "https://mobayilo.com\nx",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
    ],
)
def test_unusable_hosts_are_refused(moby: Moby, host: str) -> None:
    ran = moby.run("balance", "--host", host, "--json")
    assert ran.code == 2
    assert ran.error["code"] in ("bad_host", "insecure_host")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mobayilo.com", "https://mobayilo.com"),
        ("HTTPS://Mobayilo.COM:443/", "https://mobayilo.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
    ],
)
def test_hosts_are_read_in_one_form(moby: Moby, text: str, host: str) -> None:
    assert moby.run("auth", "status", "--offline", "--json", "--host", text).json["host"] == host


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


def test_misspelt_variable_is_told(moby: Moby) -> None:
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
