"""The parts of a support screen: tables whose rows lead to admin pages and to their actions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from telephony.models import CallEvent


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to the page that asks why; `url` is a list in which only this row is shown."""

    url: str
    action: str
    label: str
    pk: int


@dataclass(frozen=True, slots=True)
class Row:
    url: str
    cells: Sequence[object]
    buttons: Sequence[Button]


@dataclass(frozen=True, slots=True)
class Table:
    """The newest rows of one kind, and where all of them are."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Row]
    url: str


@dataclass(frozen=True, slots=True)
class Act:
    """An action of an admin page, offered where `fits` says so."""

    name: str
    label: str
    fits: Callable[[Any], bool] = lambda row: True


@dataclass(frozen=True, slots=True)
class Listing:
    """How rows of one kind are shown. `lookup` is by what the admin lists all of an account."""

    title: str
    headings: Sequence[str]
    cells: Callable[[Any], Sequence[object]]
    acts: Sequence[Act] = ()
    lookup: str = ""


def change_url(row: Model) -> str:
    """The admin's page of a row."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


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
        model: type[Model],
        rows: Iterable[Model],
        *,
        lookups: Mapping[str, object],
    ) -> Table:
        """The rows as a table. An event of a call leads to the call, which shows all of them."""
        shown = [
            Row(change_url(_page_of(row)), listing.cells(row), self.buttons(row, listing.acts))
            for row in rows
        ]
        lookup = listing.lookup
        url = list_url(model, **{lookup: lookups[lookup]}) if lookup else ""
        return Table(listing.title, listing.headings, shown, url)


def _page_of(row: Model) -> Model:
    return row.call if isinstance(row, CallEvent) else row
