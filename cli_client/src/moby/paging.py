"""The options and the reading that all lists share."""

from typing import TYPE_CHECKING, Any, TypeVar, cast

from cleo.helpers import option

if TYPE_CHECKING:
    from moby.command import Command

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
    asked_for_a_page = command.text("limit") or command.text("cursor")
    everything = command.flag("all") or (whole and not asked_for_a_page)
    asked = {
        **(query or {}),
        "limit": command.text("limit") or ("100" if everything else None),
        "cursor": command.text("cursor"),
    }
    page = command.api.get(path, kind, asked)
    joined = cast("dict[str, Any]", page)
    while everything and joined["next_cursor"]:
        more = command.api.get(path, kind, {**asked, "cursor": joined["next_cursor"]})
        later = cast("dict[str, Any]", more)
        joined = {**later, "items": joined["items"] + later["items"]}
    return cast("Page", joined)
