"""Cells of CSV files that people open in a spreadsheet."""

import re

# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; a number stays as it is."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
