"""Lists as comma-separated values."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cleo.helpers import option

from moby.errors import MobyError

if TYPE_CHECKING:
    from moby.cli.command import Command

OPTION = option("csv", None, "Print all as comma-separated values.", flag=True)


def wants_csv(command: "Command") -> bool:
    if command.flag("csv") and command.console.json:
        raise MobyError("usage", "--csv and --json exclude each other", "Leave one out.")
    return command.flag("csv")


def as_csv(
    columns: Sequence[str], items: Iterable[Mapping[str, object]], *, words: str = ""
) -> str:
    """In the column of free words, what a spreadsheet would run as a formula gets a quote."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for item in items:
        cells = {name: "" if item.get(name) is None else str(item[name]) for name in columns}
        if cells.get(words, "")[:1] in {"=", "+", "-", "@"}:
            cells[words] = f"'{cells[words]}"
        writer.writerow([cells[name] for name in columns])
    return text.getvalue().rstrip("\n")
