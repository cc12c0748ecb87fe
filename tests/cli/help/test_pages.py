"""The pages of help, the overview and one for each command, and the manual page."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from moby.command_names import COMMANDS
from tests.cli.program import Moby
from tests.cli.shells import need

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


def test_each_variable_stands_on_a_line_of_its_own(moby: Moby) -> None:
    table = moby.run("help", "environment").stdout.split("\n\n")[1].splitlines()
    assert len(table) == 15
    for line in table:
        assert re.fullmatch(r"  [A-Z_]+ {2,}\S.*", line), line
    assert any("REQUESTS_CA_BUNDLE  certificates to trust" in line for line in table)


ROOT = Path(__file__).parents[3]
SHARE = ROOT / "cli_client/share"


def test_manual_page_is_clean_roff() -> None:
    need("groff")
    page = SHARE / "man/man1/moby.1"
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tascii", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "moby auth login" in re.sub(r".\x08", "", done.stdout)  # grotty prints bold twice


def test_manual_page_has_the_sections_that_people_look_for() -> None:
    page = (SHARE / "man/man1/moby.1").read_text()
    sections = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
    assert sections[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert sections[-2:] == ["FILES", "EXAMPLES"]
    for name in re.findall(r"^\\fB~/\.config/moby/(.+)\\fR$", page, re.MULTILINE):
        sources = (ROOT / "cli_client/src/moby").rglob("*.py")
        plain = name.replace("\\", "")
        assert any(f'"{plain}"' in path.read_text(encoding="utf-8") for path in sources)
