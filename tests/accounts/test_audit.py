"""The audit log never holds a secret, and is read in words."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory

from accounts.audit import WORDS, record
from accounts.models import User
from accounts.secrets import new_secret
from accounts.sign_in.events import CHANGES
from tests.accounts.browser import sign_in
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.db]
RECORDERS = {"record", "_record", "recorded_as"}


def test_event_says_who_from_where_and_by_what(alice: User) -> None:
    request = RequestFactory().get(
        "/api/cli/v1/token", REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="moby/1\x07 (x)"
    )
    event = record("token.shown", account=alice.account, user=alice, request=request, name="ci")
    assert (event.via, event.ip, event.user_agent) == ("api", "198.51.100.7", "moby/1 (x)")
    assert event.facts == {"name": "ci"}


def test_event_hides_a_token_among_its_facts(alice: User) -> None:
    secret = new_secret("pat")
    event = record("x.y", account=alice.account, said=f"Bearer {secret}", more=[{"deep": secret}])
    event.refresh_from_db()
    assert event.facts == {"said": "Bearer moby_pat_…", "more": [{"deep": "moby_pat_…"}]}


def recorded(path: Path) -> set[str]:
    """The actions that the calls of a module name."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [call for call in calls if call.args and isinstance(call.args[0], ast.Constant)]
    functions = [(getattr(call.func, "attr", getattr(call.func, "id", "")), call) for call in named]
    return {str(call.args[0].value) for name, call in functions if name in RECORDERS}  # type: ignore[attr-defined]  # constants only


def test_every_event_has_words() -> None:
    folders = [settings.BASE_DIR / app for app in ("accounts", "billing", "telephony", "mobayilo")]
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    actions = {action for path in paths for action in recorded(path) if "." in action}
    assert len(actions) > 30
    assert (actions | set(CHANGES.values())) - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("action", "facts", "shown"),
    [
        ("user.signed_in", {"by": ["password", "totp"]}, "Signed in with password, authenticator"),
        ("user.sign_in_failed", {}, "Wrong password entered"),
        ("money.adjusted", {"amount": "-1.50"}, "Balance changed by −$1.50"),
        ("topup.started", {"topup": "top_1", "cents": 2_000}, "Top-up of $20.00 started"),
        ("topup.refunded", {"topup": "top_1", "amount": "5.00"}, "$5.00 of top-up top_1 refunded"),
        ("recovery_codes.used", {"left": 9}, "Recovery code used; 9 are left"),
        ("token.created", {"name": "{0.real} ci"}, "Token “{0.real} ci” created"),
        (
            "session.ended",
            {"agent": "X Firefox/128.0 Linux"},
            "Browser signed out: Firefox on Linux",
        ),
        ("device_login.approved", {}, "Device … approved"),
    ],
)
def test_event_is_said_in_words_with_amounts(
    alice: User, action: str, facts: dict[str, Any], shown: str
) -> None:
    browser = sign_in(alice)
    record(action, account=alice.account, user=alice, **facts)
    assert shown in browser.get("/settings/security").content.decode()


def test_owners_see_no_name_and_no_talk_of_staff(alice: User) -> None:
    helper = person("helper@example.com", is_staff=True)
    for action in ("support.looked", "act.asked", "act.confirmed"):
        record(action, account=alice.account, user=helper, act="something")
    page = sign_in(alice).get("/settings/security").content.decode()
    assert "helper@example.com" not in page
    assert "second person" not in page
