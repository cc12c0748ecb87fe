"""Groups of commands, without a command."""

import pytest

from moby.command_names import COMMANDS, GROUPS
from tests.cli.program import Moby

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
