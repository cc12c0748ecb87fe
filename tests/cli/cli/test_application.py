"""Options of every command."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_version_is_in_one_place(moby: Moby) -> None:
    versions = {moby.run(*words).stdout for words in [("--version",), ("-V",), ("balance", "-V")]}
    assert versions == {"moby 0.1.0\n"}
    assert moby.process("--version").stdout == "moby 0.1.0\n"


def test_quiet_leaves_the_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "-q", "--json", MOBY_TOKEN=d.TOKEN).json == d.BALANCE
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "-q", MOBY_TOKEN=d.TOKEN).stdout == ""
