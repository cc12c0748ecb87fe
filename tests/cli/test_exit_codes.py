"""Exit codes, and their meaning in help and documentation."""

from pathlib import Path

from moby.errors import CLIENT_ERRORS, MEANINGS, ExitCode, exit_code_for
from tests.cli.program import Moby

ROOT = Path(__file__).parents[2]


def test_every_exit_code_has_its_meaning(moby: Moby) -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert set(CLIENT_ERRORS.values()) | {ExitCode.DONE} == set(ExitCode)
    out = moby.run("help", "exit-codes").stdout
    assert [int(line.split()[0]) for line in out.splitlines()[2:]] == sorted(ExitCode)


def test_exit_codes_are_those_of_the_errors_page() -> None:
    rows = [line.split("|") for line in (ROOT / "docs/errors.md").read_text().splitlines()]
    table = [[cell.strip() for cell in row[1:4]] for row in rows if len(row) > 4]
    documented = [row for row in table if row[1].isdigit()]
    assert len(documented) > 40
    for code, status, exit_code in documented:
        assert exit_code_for(int(status), code.strip("`")) == int(exit_code), code


def test_guide_names_every_error_of_moby() -> None:
    guide = (ROOT / "docs/guide/cli.md").read_text(encoding="utf-8")
    for code, exit_code in CLIENT_ERRORS.items():
        assert f"| `{code}` | {exit_code} |" in guide
