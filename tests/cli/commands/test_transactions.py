"""`moby transactions`."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_transactions_for_a_person(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    ran = moby.run("transactions", "--since", "7d")
    assert ran.stdout.splitlines()[1].split()[-2:] == ["-$0.045", "$19.955"]
    assert server.received[0].query["since"] == ["2026-11-17T00:00:00Z"]
    assert "There is more" in ran.stderr


def test_transactions_as_json(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    words = ("transactions", "--since", "2026-11-01", "--limit", "5", "--json")
    assert moby.run(*words).json == d.page(d.TRANSACTION)
    assert server.received[0].query == {"since": ["2026-11-01T00:00:00Z"], "limit": ["5"]}


def test_no_transactions_is_no_table(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page())
    ran = moby.run("transactions")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "Nothing yet.\n")
