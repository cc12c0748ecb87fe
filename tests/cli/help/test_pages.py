"""The pages of help: the overview, and one for each command."""

import shlex

import pytest

from moby.command_names import COMMANDS
from tests.cli.program import Moby

OLD = ("login", "status")
NAMES = [name for name in COMMANDS if name not in OLD]


@pytest.mark.parametrize("words", [(), ("--help",), ("help",), ("-h",)])
def test_overview_names_every_command(moby: Moby, words: tuple[str, ...]) -> None:
    ran = moby.run(*words)
    assert ran.code == 0
    for name in NAMES:
        assert f"  {name} " in ran.stdout
    assert "\n  login " not in ran.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(moby: Moby, name: str) -> None:
    ran = moby.run(*name.split(" "), "--help")
    assert (ran.code, ran.stderr) == (0, "")
    assert f"Usage: moby {name}" in ran.stdout
    assert moby.run("help", *name.split(" ")).stdout == ran.stdout
    facts = moby.run(*name.split(" "), "--help", "--json").json
    assert facts["name"] == name
    assert all(option["description"].endswith(".") for option in facts["options"])
    assert facts["examples"]
    assert "Examples\n" in ran.stdout
    for example in facts["examples"]:
        typed = moby.run(*shlex.split(example)[1:], MOBY_HOST="http://localhost:1")
        assert typed.code != 2, example
