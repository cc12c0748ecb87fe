"""CSV that is streamed to a person's spreadsheet, a line at a time for any number of rows."""

import csv
import re
from collections.abc import Iterable, Iterator

# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class _Line:
    """A file for csv.writer that returns each line instead of storing it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the line of each row."""
    writer = csv.writer(_Line())
    yield from map(writer.writerow, rows)


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; a number stays as it is."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
