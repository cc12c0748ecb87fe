"""The options and the reading that lists share: pages, days and CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cleo.helpers import option

from moby.context import Context
from moby.errors import MobyError
from moby.text import clean

if TYPE_CHECKING:
    from moby.cli.command import Command

PAGE_OPTIONS = [
    option("limit", None, "How many to show, 1 to 100.", flag=False),
    option("cursor", None, "Go on from the next_cursor of an earlier list.", flag=False),
    option("all", None, "Show every one.", flag=True),
]
CSV_OPTION = option("csv", None, "Print all as comma-separated values.", flag=True)
# https://owasp.org/www-community/attacks/CSV_Injection; a number, also +44…, is none.
_FORMULA = re.compile(r"\s*[=@]|\s*[+-](?![0-9]+(\.[0-9]+)?$)")
_LAST_MOMENT = timedelta(microseconds=1)
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
        problem = f"--limit {limit!r} is not a number from 1 to 100"
        raise MobyError("usage", problem, "For example: --limit 50")
    asked_for_a_page = limit or command.text("cursor")
    everything = command.flag("all") or (whole and not asked_for_a_page)
    page_query = {
        **(query or {}),
        "limit": limit or ("100" if everything else None),
        "cursor": command.text("cursor"),
    }
    page = command.api.get(path, kind, page_query)
    joined = cast("dict[str, Any]", page)
    while everything and joined["next_cursor"]:
        more = command.api.get(path, kind, {**page_query, "cursor": joined["next_cursor"]})
        later = cast("dict[str, Any]", more)
        joined = {**later, "items": joined["items"] + later["items"]}
    return cast("Page", joined)


def given_or_newest(
    command: "Command", name: str, kind: type[Page], *, none_yet: str, hint: str
) -> str:
    """Return the id in the argument of that name; without one, the id of the newest in the list.

    The list of calls is at `calls`, and each has a `call_id`. Raise `not_found` if it is empty.
    """
    if command.argument(name) is not None:
        return command.word(name)
    page = cast("dict[str, Any]", command.api.get(f"{name}s", kind, {"limit": "1"}))
    if not page["items"]:
        raise MobyError("not_found", none_yet, hint)
    return cast("str", page["items"][0][f"{name}_id"])


def remark_more(command: "Command", next_cursor: str | None) -> None:
    if next_cursor:
        command.console.remark("There is more: add --all, or --limit 100.")


def wants_csv(command: "Command") -> bool:
    if command.flag("csv") and command.console.json:
        raise MobyError("usage", "--csv and --json cannot go together", "Leave one out.")
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
    """Return the instant at which a day begins, or ends for `until`, on this machine's clock.

    Lists show times of that clock too. 2026-11-01 is a day, 7d the one a week ago.
    """
    if text is None:
        return None
    days = re.fullmatch(r"(\d{1,4})d", text, re.ASCII)
    if days:
        now = datetime.fromtimestamp(context.clock.now(), UTC).astimezone()
        day = now.date() - timedelta(days=int(days[1]))
    else:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise _no_day(option, text) from None
        if day.isoformat() != text:
            raise _no_day(option, text)
    begin = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (this machine's zone is meant)
    try:
        if option == "until":
            return f"{(begin + timedelta(days=1)).astimezone(UTC) - _LAST_MOMENT:%FT%T.%fZ}"
        return f"{begin.astimezone(UTC):%FT%TZ}"
    except (ValueError, OverflowError):  # the ends of the calendar
        raise _no_day(option, text) from None


def _no_day(option: str, text: str) -> MobyError:
    hint = "Write 2026-11-01, or 7d for a week."
    return MobyError("usage", f"--{option} {text!r} is not a day", hint)
