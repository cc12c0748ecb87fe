"""Names on the pages exist: pages, links, headings, commands, options and codes."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from django.core.management import get_commands

from mobayilo.lib.errors import ERRORS
from moby.cli.application import Application
from moby.command_names import COMMANDS, GROUPS
from moby.context import system_context
from telephony.models import Call
from tests.docs.pages import DOCS, PAGES, ROOT, TEXTS, inline_code, moby_commands, name_of, prose

LINK = re.compile(r"\]\(([^)\s]+)\)")
# Words with an underscore that pages name beside codes and fields: of errors and of OAuth.
OTHER_WORDS = {
    "request_id", "next_cursor",
    "access_denied", "access_token", "authorization_pending", "client_id", "device_code",
    "device_name", "expired_token", "expires_in", "grant_type", "invalid_grant", "slow_down",
    "token_name", "token_type", "user_code",
}  # fmt: skip


class _Navigation(yaml.SafeLoader):
    """Read mkdocs.yml, without its tags for Python names."""


def _listed(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    parts = entry if isinstance(entry, list) else list(dict(entry).values())  # type: ignore[call-overload]  # nested YAML
    return [page for part in parts for page in _listed(part)]


def test_navigation_lists_every_page_once() -> None:
    navigation = yaml.load((ROOT / "mkdocs.yml").read_text(), _Navigation)["nav"]  # noqa: S506 - derives from SafeLoader
    assert sorted(_listed(navigation)) == [str(page.relative_to(DOCS)) for page in PAGES]


@pytest.mark.parametrize("page", TEXTS, ids=name_of)
def test_page_links_to_files_that_exist(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if ":" not in target]
    for target in targets:
        file, _, anchor = unquote(target).partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", h.lower()).strip()) for h in headings}


# Decisions also name commands that there are not.
@pytest.mark.parametrize("page", [p for p in TEXTS if p.parent.name != "dev"], ids=name_of)
def test_page_writes_moby_commands_that_parse(page: Path) -> None:
    application = Application(system_context())
    for line in moby_commands(page.read_text()):
        assert _problem(application, line) is None, line


def _problem(application: Application, line: str) -> str | None:
    """Why moby would not understand a command; None when it would."""
    words = shlex.split(re.sub(r"[<>] ?\S+", "", line))
    if words[0].startswith("-"):
        return None if words[0] in ("--version", "--help", "--json") else "no command"
    names = sorted([*COMMANDS, *GROUPS], key=len, reverse=True)
    name = next((n for n in names if words[: len(n.split())] == n.split()), None)
    if name is None:
        return "no such command"
    return _misused(application, name, words[len(name.split()) :])


def _misused(application: Application, name: str, words: list[str]) -> str | None:
    """An option that the command lacks, or a word too many."""
    own = application.find(name).definition
    options = {f"--{o.name}": o for d in (application.definition, own) for o in d.options}
    options |= {f"-{o.shortcut}": o for o in list(options.values()) if o.shortcut}
    positional = 0
    left = iter(words)
    for word in left:
        known = options.get(word.partition("=")[0])
        if known is None and word.startswith("-"):
            return f"no option {word}"
        if known is None:
            positional += 1
        elif known.accepts_value() and "=" not in word and next(left, None) is None:
            return f"{word} lacks its value"
    takes_any = bool(own.arguments) and own.arguments[-1].is_list()
    return None if takes_any or positional <= len(own.arguments) else "too many words"


@pytest.mark.parametrize("page", sorted(DOCS.glob("guide/*.md")), ids=name_of)
def test_page_names_variables_of_moby_that_exist(page: Path) -> None:
    known = set(re.findall(r"`?(MOBY_[A-Z_]+)", (DOCS / "guide/cli-reference.md").read_text()))
    assert set(re.findall(r"\bMOBY_[A-Z_]+\b", page.read_text())) <= known


@pytest.mark.parametrize("page", sorted(DOCS.glob("[!d]*/*.md")), ids=name_of)
def test_page_names_codes_and_fields_that_exist(page: Path) -> None:
    words = inline_code(page.read_text())
    named = {word for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)}
    written = (DOCS / name for name in ("reference/api.md", "guide/cli.md", "operations.md"))
    known = {word for text in written for word in re.findall(r"`(\w+)`", text.read_text())}
    known |= {*ERRORS, *OTHER_WORDS, *get_commands(), *Call.EndReason}
    assert named - known == set()


def test_inline_code_is_read_from_prose_alone() -> None:
    assert inline_code("`a`\n```sh\n`b`\n```\n") == ["a"]
