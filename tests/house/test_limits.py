"""Every address is throttled by a limit of the one table."""

import ast
import re
from pathlib import Path

from django.urls import URLPattern, get_resolver

from mobayilo.lib.ratelimits import LIMITS
from tests.house.endpoints import endpoints

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "billing", "telephony", "mobayilo")
# Packages that bring pages of their own: allauth counts by itself (ACCOUNT_RATE_LIMITS), and the
# admin opens only to staff who came through allauth's sign-in.
OF_PACKAGES = ("allauth.", "django.contrib.admin", "django.contrib.contenttypes")
ADMIN_DOOR = "accounts.staff.site"


def limits_of(pattern: URLPattern) -> list[str]:
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    if view is not None and hasattr(view, "limit"):
        return [view.limit] if isinstance(view.limit, str) else list(view.limit.values())
    return list(getattr(pattern.callback, "limits", []))


def is_ours(pattern: URLPattern) -> bool:
    callback = pattern.callback
    model_admin = getattr(callback, "model_admin", None) or getattr(callback, "admin_site", None)
    return model_admin is None and not callback.__module__.startswith((*OF_PACKAGES, ADMIN_DOOR))


def test_every_address_of_ours_has_a_limit() -> None:
    ours = [(path, entry) for path, entry in endpoints(get_resolver()) if is_ours(entry)]
    assert len(ours) > 20
    assert [path for path, entry in ours if not limits_of(entry)] == []


def words_of_the_code() -> set[str]:
    """Every text constant of the apps, but for the table of limits itself."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    trees = [ast.parse(path.read_text()) for path in files if path.name != "ratelimits.py"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def test_every_limit_named_is_in_the_table_and_every_row_is_used() -> None:
    named = {name for _, entry in endpoints(get_resolver()) for name in limits_of(entry)}
    assert named - LIMITS.keys() == set()
    assert LIMITS.keys() - words_of_the_code() == set()


def test_forms_of_sign_in_and_pages_that_make_tokens_close_without_redis() -> None:
    listed = dict(endpoints(get_resolver()))
    sensitive = [path for path in listed if path.startswith("accounts/")]
    sensitive += ["settings/tokens/new", "settings/tokens/<str:public_id>/rotate", "device/approve"]
    is_closed = {
        path: any(LIMITS[name].when_redis_is_down == "closed" for name in limits_of(listed[path]))
        for path in sensitive
    }
    assert len(sensitive) > 25
    assert [path for path, closed in is_closed.items() if not closed] == []


def test_documentation_lists_every_limit() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    listed = dict(re.findall(r"^\| `([\w-]+)` \| (\d+/\d*[smhd]) \|", text, re.MULTILINE))
    assert listed == {name: limit.rate for name, limit in LIMITS.items()}
