"""The parts of a support screen: tables whose rows lead to admin pages and to their actions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from mobayilo.overview.support.mixed import Line, Mixed


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to the page that asks why; `url` is a list in which only this row is shown."""

    url: str
    action: str
    label: str
    pk: int


# What is shown, and whether it is a figure.
Cell = tuple[object, bool]


@dataclass(frozen=True, slots=True)
class Row:
    url: str
    cells: Sequence[Cell]
    buttons: Sequence[Button] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The newest rows, and by which words and addresses all of them are listed."""

    title: str
    headings: Sequence[Cell]
    rows: Sequence[Row]
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Act:
    """An action of an admin page, offered where `fits` says so."""

    name: str
    label: str
    fits: Callable[[Any], bool] = lambda row: True


@dataclass(frozen=True, slots=True)
class Listing:
    """How rows of one kind are shown. `lookup` is by what the admin lists all of an account.

    `numbers` are the headings of figures.
    """

    model: type[Model]
    title: str
    headings: Sequence[str]
    cells: Callable[[Any], Sequence[object]]
    acts: Sequence[Act] = ()
    lookup: str = ""
    numbers: Sequence[str] = ()


def change_url(row: Model) -> str:
    """The admin's page of a row."""
    return page_url(type(row), row.pk)


def page_url(model: type[Model], pk: int) -> str:
    """The admin's page of the row that has this key."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def list_url(model: type[Model], **query: object) -> str:
    """The admin's list of a model, filtered or searched."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode(query)}" if query else url


class Desk:
    """What the member of staff who asks may see and do."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self._allowed: dict[type[Model], set[str]] = {}

    def allows(self, model: type[Model], action: str) -> bool:
        """Whether an action of a model's page is offered to this member of staff."""
        if model not in self._allowed:
            page = admin.site.get_model_admin(model)
            self._allowed[model] = set(page.get_actions(self.request))
        return action in self._allowed[model]

    def buttons(self, row: Model, acts: Iterable[Act]) -> list[Button]:
        """The actions that fit a row and that this member of staff may take."""
        return [
            Button(list_url(type(row), id=row.pk), act.name, act.label, row.pk)
            for act in acts
            if self.allows(type(row), act.name) and act.fits(row)
        ]

    def table(
        self,
        listing: Listing,
        rows: Iterable[Model],
        *,
        lookups: Mapping[str, object],
    ) -> Table:
        """Rows of one kind as a table, each with its buttons."""
        figures = [heading in listing.numbers for heading in listing.headings]
        shown = [
            Row(
                change_url(row),
                list(zip(listing.cells(row), figures, strict=True)),
                self.buttons(row, listing.acts),
            )
            for row in rows
        ]
        links = [("all", listing.lookup, listing.model)] if listing.lookup else []
        return Table(
            listing.title,
            list(zip(listing.headings, figures, strict=True)),
            shown,
            _all_of(links, lookups),
        )

    def mixed_table(
        self, mixed: Mixed, lines: Iterable[Line], *, lookups: Mapping[str, object]
    ) -> Table:
        """Lines of several kinds as a table; each opens its own page."""
        figures = [heading in mixed.numbers for heading in mixed.headings]
        shown = [
            Row(page_url(line.page, line.pk), list(zip(mixed.cells(line), figures, strict=True)))
            for line in lines
        ]
        links = [(kind.name, kind.lookup, kind.model) for kind in mixed.kinds if kind.lookup]
        return Table(
            mixed.title,
            list(zip(mixed.headings, figures, strict=True)),
            shown,
            _all_of(links, lookups),
        )


def _all_of(
    links: Iterable[tuple[str, str, type[Model]]], lookups: Mapping[str, object]
) -> list[tuple[str, str]]:
    return [(name, list_url(model, **{lookup: lookups[lookup]})) for name, lookup, model in links]
