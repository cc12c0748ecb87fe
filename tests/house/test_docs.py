"""The documentation says what the code does."""

import re
from pathlib import Path

from dev.tables import environment_file, error_rows, variable_rows
from mobayilo.lib.errors import ERRORS

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| \d{3} \| \d+ \| .+ \| .+ \|$", re.MULTILINE)


def test_error_table_lists_every_code_with_status_exit_code_and_hints() -> None:
    page = (ROOT / "docs/errors.md").read_text()
    assert error_rows() in page
    assert ROW.findall(page) == sorted(ERRORS)


def test_settings_are_shown_in_full_where_operators_read_them() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    assert variable_rows(policy=False) in page
    assert variable_rows(policy=True) in page
    assert (ROOT / "deploy/mobayilo.env").read_text() == environment_file()
