"""moby balance and moby transactions."""

import pytest

from tests.cli import documents as d
from tests.cli.documents import BALANCE, TOKEN
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_balance_prints_one_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", BALANCE)
    ran = moby.run("balance", "--json", MOBY_TOKEN=TOKEN)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.json == BALANCE
    assert server.received[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert server.received[0].headers["user-agent"].startswith("moby/0.")


def test_balance_shows_what_is_held(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", BALANCE)
    ran = moby.run("balance", MOBY_TOKEN=TOKEN)
    assert ran.stdout.splitlines() == [
        "Balance: $19.95",
        "Held for calls under way: $1.25",
        "Available: $18.70",
    ]


@pytest.mark.parametrize("words", [("--json", "balance"), ("balance", "--json")])
def test_global_options_stand_before_or_after(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    server.on("GET", "balance", BALANCE)
    assert moby.run(*words, MOBY_TOKEN=TOKEN).json == BALANCE


def test_balance_without_sign_in_asks_no_one(moby: Moby, server: StubServer) -> None:
    ran = moby.run("balance", "--json")
    assert ran.code == 4
    assert ran.error["code"] == "not_signed_in"
    assert ran.error["hint"] == "Sign in with: moby auth login"
    assert server.received == []


def test_installed_program_does_the_same(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", BALANCE)
    ran = moby.process("balance", "--json", MOBY_TOKEN=TOKEN)
    assert (ran.code, ran.json, ran.stderr) == (0, BALANCE, "")


@pytest.mark.usefixtures("signed_in")
def test_transactions_for_a_person(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    ran = moby.run("transactions", "--since", "7d")
    assert ran.stdout.splitlines()[1].split()[-2:] == ["-$0.045", "$19.955"]
    assert server.received[0].query["since"] == ["2026-11-17T00:00:00Z"]
    assert "There is more" in ran.stderr


@pytest.mark.usefixtures("signed_in")
def test_transactions_as_json(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    words = ("transactions", "--since", "2026-11-01", "--limit", "5", "--json")
    assert moby.run(*words).json == d.page(d.TRANSACTION)
    assert server.received[0].query == {"since": ["2026-11-01T00:00:00Z"], "limit": ["5"]}


@pytest.mark.usefixtures("signed_in")
def test_no_transactions_is_no_table(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page())
    ran = moby.run("transactions")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "Nothing yet.\n")
