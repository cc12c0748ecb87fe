import pytest

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


def test_balance_without_sign_in_asks_nobody(moby: Moby, server: StubServer) -> None:
    ran = moby.run("balance", "--json")
    assert ran.code == 4
    assert ran.error["code"] == "not_signed_in"
    assert ran.error["hint"] == "Sign in with: moby auth login"
    assert server.received == []


def test_installed_program_does_the_same(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", BALANCE)
    ran = moby.process("balance", "--json", MOBY_TOKEN=TOKEN)
    assert (ran.code, ran.json, ran.stderr) == (0, BALANCE, "")
