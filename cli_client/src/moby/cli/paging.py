"""The options and the reading that all lists share."""

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cleo.helpers import option

from moby.errors import MobyError

if TYPE_CHECKING:
    from moby.cli.command import Command

OPTIONS = [
    option("limit", None, "How many to show, 1 to 100.", flag=False),
    option("cursor", None, "Go on from the next_cursor of an earlier list.", flag=False),
    option("all", None, "Show all of them.", flag=True),
]
Page = TypeVar("Page")


def read_pages(
    command: "Command",
    path: str,
    kind: type[Page],
    query: dict[str, str | None] | None = None,
    *,
    whole: bool = False,
) -> Page:
    """One page; with --all every page as one, in the shape of a page.

    `whole` means all of them too, unless a page was asked for.
    """
    limit = _limit(command.text("limit"))
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


def note_more(command: "Command", next_cursor: str | None) -> None:
    if next_cursor:
        command.console.note("There is more: add --all, or --limit 100.")


def _limit(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[1-9]\d?|100", text, re.ASCII):
        raise MobyError("usage", f"--limit {text!r} is not a number from 1 to 100")
    return text
