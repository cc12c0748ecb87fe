"""The options and the reading that lists share: pages, days and CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cleo.helpers import option

from moby.context import Context
from moby.errors import MobyError
from moby.text import clean, from_now

if TYPE_CHECKING:
    from moby.cli.command import Command

PAGE_OPTIONS = [
    option("limit", None, "How many to show, 1 to 100.", flag=False),
    option("cursor", None, "Go on from the next_cursor of an earlier list.", flag=False),
    option("all", None, "Show all of them.", flag=True),
]
CSV_OPTION = option("csv", None, "Print all as comma-separated values.", flag=True)
# https://owasp.org/www-community/attacks/CSV_Injection; a number, also +44…, is none.
_FORMULA = re.compile(r"\s*[=@]|\s*[+-](?![0-9]+(\.[0-9]+)?$)")
Page = TypeVar("Page")


def read_pages(
    command: "Command",
    path: str,
    kind: type[Page],
    query: dict[str, str | None] | None = None,
    *,
    whole: bool = False,
) -> Page:
    """Return one page; with --all every page as one, in the shape of a page.

    `whole` asks for every page too, unless --limit or --cursor asks for one.
    """
    limit = command.text("limit")
    if limit is not None and not re.fullmatch(r"[1-9]\d?|100", limit, re.ASCII):
        raise MobyError("usage", f"--limit {limit!r} is not a number from 1 to 100")
    asked_for_a_page = limit or command.text("cursor")
    everything = command.flag("all") or (whole and not asked_for_a_page)
    asked = {
        **(query or {}),
        "limit": limit or ("100" if everything else None),
        "cursor": command.text("cursor"),
    }
    page = command.api.get(path, kind, asked)
    joined = cast("dict[str, Any]", page)
    while everything and joined["next_cursor"]:
        more = command.api.get(path, kind, {**asked, "cursor": joined["next_cursor"]})
        later = cast("dict[str, Any]", more)
        joined = {**later, "items": joined["items"] + later["items"]}
    return cast("Page", joined)


def remark_more(command: "Command", next_cursor: str | None) -> None:
    if next_cursor:
        command.console.remark("There is more: add --all, or --limit 100.")


def wants_csv(command: "Command") -> bool:
    if command.flag("csv") and command.console.json:
        raise MobyError("usage", "--csv and --json exclude each other", "Leave one out.")
    return command.flag("csv")


def as_csv(columns: Sequence[str], items: Iterable[Mapping[str, object]]) -> str:
    """Return the items as CSV, without control characters.

    A cell gets a quote before what a spreadsheet would run as a formula; a number stays as it is.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for item in items:
        cells = [clean(item[name]) if item.get(name) is not None else "" for name in columns]
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells])
    return text.getvalue().rstrip("\n")


def read_day(option: str, text: str | None, context: Context) -> str | None:
    """Return a day for the API: 2026-11-01 as it is, 7d as the day a week ago."""
    if text is None:
        return None
    with suppress(ValueError):
        if date.fromisoformat(text).isoformat() == text:
            return text
    days = re.fullmatch(r"(\d{1,4})d", text, re.ASCII)
    if days is None:
        raise MobyError(
            "usage", f"--{option} {text!r} is not a day", "Write 2026-11-01, or 7d for a week."
        )
    return from_now(-86_400 * int(days[1]), context.clock.now())[:10]
