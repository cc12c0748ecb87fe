"""The support runbook: an entry for each code, and pages and actions that the admin has."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin

from accounts.models import User
from mobayilo.lib.errors import ERRORS
from tests.docs.pages import DOCS, name_of
from tests.web.support_desk import desk_of, something_of_everything

WALK = Path(__file__).resolve().parents[1] / "web/test_support_walk.py"

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
    assert unused == set(), "docs/support/ says nothing of these actions"


def _headings(page: str, level: str) -> list[str]:
    return re.findall(rf"^{level} (.+)$", (DOCS / "support" / page).read_text(), re.MULTILINE)


def _slug(text: str) -> str:
    return "_".join(re.findall(r"\w+", text.lower()))


def test_five_most_common_cases_are_those_that_a_browser_walks() -> None:
    symptoms = (DOCS / "support/symptoms.md").read_text()
    _, _, most_common = symptoms.partition("## The five most common\n")
    named = re.findall(r"^### “(.+)”$", most_common.partition("\n## ")[0], re.MULTILINE)
    walked = re.findall(r"^def test_(\w+)\(", WALK.read_text(), re.MULTILINE)
    assert len(named) == 5
    assert [_slug(words) for words in named] == walked


def test_runbook_has_the_cases_that_do_not_wait() -> None:
    cases = {"Leaked token", "Lost phone", "Refunds", "Fraud", "Provider outage"}
    assert cases <= set(_headings("cases.md", "##"))
    assert {"Finding the customer", "Passing it on"} <= set(_headings("index.md", "##"))
    replies = (DOCS / "support/replies.md").read_text().split("\n## ")[1:]
    assert len(replies) >= 6
    assert [reply.splitlines()[0] for reply in replies if "\n> " not in reply] == []


@pytest.mark.django_db
@pytest.mark.db
def test_symptoms_lead_to_tables_that_the_account_screen_has(alice: User) -> None:
    something_of_everything(alice)
    screen = desk_of("support").get(f"/admin/accounts/account/{alice.account.pk}/change/")
    tables = set(re.findall(r"<h2>\s*([^<]+?)\s*<", screen.content.decode()))
    text = " ".join((DOCS / "support/symptoms.md").read_text().split())
    named = set(re.findall(r"[Uu]nder \*([^*]+)\*", text))
    assert len(named) > 8
    assert named - tables == set()
