"""Slips, and the command that was meant."""

import pytest

from tests.cli.program import Moby


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
