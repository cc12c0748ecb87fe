"""Refusals: their hints, on a page and in a terminal."""

import re

import pytest

from mobayilo.lib.errors import ERRORS, ProductError, throttled


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_hint_on_a_page_speaks_of_no_terminal(code: str) -> None:
    hint = ProductError(code, "No.").page_hint
    assert hint
    assert not re.search(r"moby |--\w|details|Retry-After|Idempotency|Content-Type|scope", hint)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (121, "3 minutes")],
)
def test_wait_is_told_in_minutes_when_it_is_long(seconds: int, words: str) -> None:
    assert throttled(seconds).message == f"Too many requests. Wait {words}."
