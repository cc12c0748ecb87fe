"""Stored tokens, written by several processes."""

from concurrent.futures import ThreadPoolExecutor

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


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
