"""The documentation says what the code does."""

import re
from pathlib import Path

from mobayilo.lib.errors import ERRORS

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (\d{3}) \| (\d+) \| (.+) \|$", re.MULTILINE)


def test_error_table_lists_every_code_with_status_and_exit_code() -> None:
    listed = {
        code: (int(status), int(exit_code), hint)
        for code, status, exit_code, hint in ROW.findall((ROOT / "docs/errors.md").read_text())
    }
    assert listed == {
        code: (kind.status, kind.exit_code, kind.hint) for code, kind in ERRORS.items()
    }


def test_operations_explain_every_variable_of_the_settings() -> None:
    read = set(re.findall(r"env\.\w+\(\s*\"(\w+)\"", (ROOT / "mobayilo/settings.py").read_text()))
    explained = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs/operations.md").read_text()))
    assert len(read) > 15
    assert read - explained == set()
