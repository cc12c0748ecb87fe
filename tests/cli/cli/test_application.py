"""Options of every command, and groups without a command."""

import pytest

from moby.command_names import COMMANDS, GROUPS
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


OLD = ("login", "status")
NAMES = [name for name in COMMANDS if name not in OLD]


@pytest.mark.parametrize("group", list(GROUPS))
@pytest.mark.parametrize("more", [(), ("--help",)])
def test_bare_group_shows_its_commands(moby: Moby, group: str, more: tuple[str, ...]) -> None:
    ran = moby.run(*group.split(" "), *more)
    assert ran.code == 0
    for name in (n for n in NAMES if n.startswith(f"{group} ")):
        assert f"moby {name}" in ran.stdout


def test_bare_group_as_a_document(moby: Moby) -> None:
    commands = moby.run("calls", "--json").json["commands"]
    assert list(commands) == ["calls hangup", "calls list", "calls show"]
