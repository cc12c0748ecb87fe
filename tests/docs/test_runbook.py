"""The support runbook: an entry for each code, and pages and actions that the admin has."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin

from mobayilo.lib.errors import ERRORS
from tests.docs.pages import DOCS, name_of

SUPPORT = sorted((DOCS / "support").glob("*.md"))
ENTRY = re.compile(
    r"^### `(?P<code>\w+)`\n\n(?P<says>[“(].{10,})\n\n"
    r"- \*\*Look:\*\* .+\n- \*\*Do:\*\* .+\n- \*\*Answer:\*\* (?:“.+”|\[Template\]\(.+\))$",
    re.MULTILINE,
)


def test_runbook_has_a_whole_entry_for_each_code() -> None:
    entries = [found["code"] for found in ENTRY.finditer((DOCS / "support/codes.md").read_text())]
    assert sorted(entries) == sorted(ERRORS)


def _admin_pages() -> set[str]:
    """Names as the index of the admin writes them."""
    return {
        f"{apps.get_app_config(model._meta.app_label).verbose_name} › {plural}".lower()
        for model in admin.site._registry
        for plural in [str(model._meta.verbose_name_plural)]
    }


def _admin_actions() -> set[str]:
    """The words of every action that a page of the admin offers."""
    return {
        str(getattr(getattr(page, name), "short_description", ""))
        for page in admin.site._registry.values()
        for name in page.actions or []
        if isinstance(name, str)
    }


@pytest.mark.parametrize("page", SUPPORT, ids=name_of)
def test_runbook_names_pages_that_the_admin_has(page: Path) -> None:
    named = {name.lower() for name in re.findall(r"\*\*(\w[^*]* › [^*]+)\*\*", page.read_text())}
    assert named - _admin_pages() == set()


@pytest.mark.parametrize("page", SUPPORT, ids=name_of)
def test_runbook_names_actions_that_the_admin_has(page: Path) -> None:
    text = " ".join(page.read_text().split())
    named = set(re.findall(r"actions? “([^”]+)”", text))
    assert named - _admin_actions() == set()


def test_runbook_uses_every_action_of_the_admin() -> None:
    text = " ".join(" ".join(page.read_text().split()) for page in SUPPORT)
    unused = {action for action in _admin_actions() if f"“{action}”" not in text}
    allauths_own = {"Mark selected email addresses as verified"}
    assert unused - allauths_own == set(), "docs/support/ says nothing of these actions"
