"""Columns that fit the terminal."""

import pytest

from tests.cli.program import Moby


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal(moby: Moby, width: str) -> None:
    out = moby.process("auth", "login", "--help", COLUMNS=width).stdout
    assert max(len(line) for line in out.splitlines()) <= int(width)
