"""The parts of the support screen: tables, links to the admin's pages, buttons for its actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Button:
    """An action on one row. `url` is a list of the admin in which only this row is shown."""

    url: str
    action: str
    label: str
    pk: int
    harms: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row by their headings. The first one is a link to the page of `subject`."""

    subject: Model
    cells: Mapping[str, Any]
    buttons: Sequence[Button] = ()

    @property
    def url(self) -> str:
        return change_url(self.subject)


@dataclass(frozen=True, slots=True)
class Table:
    """The newest rows, and links to the lists of all rows."""

    title: str
    rows: Sequence[Row]
    links: Mapping[str, str] = field(default_factory=dict)
    # The headings of columns that are aligned as numbers are.
    figures: ClassVar = {"Amount", "Balance after", "Cost", "Talked", "Tries left"}


@cache  # a screen has about seventy links, and looking each up would take a tenth of its time
def _list_path(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change_url(row: Model) -> str:
    """Return the address of the admin's page of a row, which stands below that of its list."""
    return f"{_list_path(type(row))}{quote(row.pk)}/change/"


def list_url(model: type[Model], **query: object) -> str:
    """Return the address of the admin's list of a model, filtered or searched."""
    path = _list_path(model)
    return f"{path}?{urlencode(query)}" if query else path


def buttons(request: HttpRequest, row: Model, **labels: str) -> list[Button]:
    """Return a button for each action, named with its label, that the signed-in staff may take."""
    model = type(row)
    allowed: dict[str, Any] = admin.site.get_model_admin(model).get_actions(request)
    return [
        Button(list_url(model, id=row.pk), action, label, row.pk, allowed[action][0].harms)
        for action, label in labels.items()
        if action in allowed
    ]
