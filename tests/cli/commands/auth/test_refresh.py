"""`moby auth refresh`."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


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
