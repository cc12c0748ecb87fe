"""Columns that fit the terminal."""

import pytest

from tests.cli.program import Moby


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal(moby: Moby, width: str) -> None:
    out = moby.process("auth", "login", "--help", COLUMNS=width).stdout
    # A command to type is never cut.
    prose = [line for line in out.splitlines() if not line.startswith("  moby ")]
    assert max(map(len, prose)) <= int(width)
