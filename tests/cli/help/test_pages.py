"""Help, completions, manual and reference: all written from the commands."""

import pytest

from moby.command_names import COMMANDS, GROUPS
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


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("auth", "logni"), "moby auth login"),
        (("balanec",), "balance"),
        (("auth", "zzz"), "It has:"),
    ],
)
def test_slips_get_a_suggestion(moby: Moby, words: tuple[str, ...], hint: str) -> None:
    ran = moby.run(*words)
    assert ran.code == 2
    assert hint in ran.stderr


def test_version_is_in_one_place(moby: Moby) -> None:
    versions = {moby.run(*words).stdout for words in [("--version",), ("-V",), ("balance", "-V")]}
    assert versions == {"moby 0.1.0\n"}
    assert moby.process("--version").stdout == "moby 0.1.0\n"


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal(moby: Moby, width: str) -> None:
    out = moby.process("auth", "login", "--help", COLUMNS=width).stdout
    assert max(len(line) for line in out.splitlines()) <= int(width)
