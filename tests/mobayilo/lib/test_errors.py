"""Refusals: their words for an API client, on a page and at a terminal."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from mobayilo.exceptions import error_object
from mobayilo.lib.errors import ERRORS, ProductError, throttled

ROOT = Path(__file__).parents[3]
# Only the author of a client knows these: headers, methods, fields of JSON, the parts of a request.
REQUESTS = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE|HTTP|JSON|header|Authorization|Bearer|Content-Type|Retry-After"
    r"|Idempotency-Key|request_id|caller_id|max_seconds|verification_id|parameter|UUID)\b|details\.\w"
    r"|\w_cents\b|caller-ids\b"
)
COMMANDS = re.compile(r"\bmoby\b|--\w")
# Files whose own messages answer a request that no page and no command of `moby` sends.
OF_REQUESTS = {
    "accounts/api/idempotency.py",
    "accounts/api/authentication.py",
    "mobayilo/exceptions.py",
    "mobayilo/lib/parsers.py",
    "mobayilo/web_worker.py",
}


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_refusal_speaks_to_each_reader_in_their_words(code: str) -> None:
    refusal = ProductError(code, "No.")
    terminal = refusal.as_object(on_terminal=True)
    assert refusal.hint
    assert not COMMANDS.search(refusal.hint)
    assert refusal.page_hint
    assert not COMMANDS.search(refusal.page_hint)
    assert not REQUESTS.search(refusal.page_hint)
    assert terminal["hint"]
    assert not REQUESTS.search(f"{terminal['message']} {terminal['hint']}")


def calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of a name in the code, with its file."""
    for app in ("accounts", "billing", "telephony", "mobayilo"):
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                    yield str(path.relative_to(ROOT)), node


def said(part: ast.expr) -> str:
    texts = [node.value for node in ast.walk(part) if isinstance(node, ast.Constant)]
    return " ".join(text for text in texts if isinstance(text, str))


def test_words_of_each_refusal_fit_every_reader() -> None:
    refusals = [found for found in calls_of("ProductError") if found[0] not in OF_REQUESTS]
    for file, call in refusals:
        hints = [word.value for word in call.keywords if word.arg == "hint"]
        texts = [part for part in hints if not isinstance(part, ast.Call)]  # Hints: below
        for part in [*call.args[1:2], *texts]:
            assert not REQUESTS.search(said(part)), (file, call.lineno)
            assert not COMMANDS.search(said(part)), (file, call.lineno)
    assert len(refusals) > 60


def test_hints_of_one_refusal_fit_their_readers() -> None:
    found = [call for _, call in calls_of("Hints") if call.args and said(call.args[0])]
    for call in found:
        words = dict(zip(("api", "page", "terminal"), map(said, call.args), strict=False))
        words |= {str(word.arg): said(word.value) for word in call.keywords}
        page = words.get("page") or words["api"]
        terminal = words.get("terminal") or words["api"]
        assert not COMMANDS.search(words["api"]), words
        assert not COMMANDS.search(page), words
        assert not REQUESTS.search(page), words
        assert not REQUESTS.search(terminal), words
    assert len(found) > 3


def test_moby_gets_words_for_a_terminal_and_any_other_client_those_of_the_api() -> None:
    refusal = ProductError("idempotency_conflict", "This Idempotency-Key was used before.")
    requests = RequestFactory()
    program = error_object(refusal, requests.get("/"))["error"]
    moby = error_object(refusal, requests.get("/", headers={"X-Client-Id": "moby-cli"}))["error"]
    assert program.keys() == moby.keys() == {"code", "message", "hint", "request_id", "details"}
    assert program["code"] == moby["code"]
    assert program["hint"] == "Use a new Idempotency-Key for a new request."
    assert moby["hint"] == "Leave --idempotency-key out, or give a new one."
    assert "Idempotency-Key" not in moby["message"]


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "write to support."), ("help@example.com", "write to support (help@example.com).")],
)
def test_support_is_named_with_its_address(settings: Settings, address: str, said: str) -> None:
    settings.SUPPORT_EMAIL = address
    refusal = ProductError("number_blocked", "No.")
    assert refusal.hint == refusal.page_hint == f"Use another phone, or {said}"
    assert refusal.as_object(on_terminal=True)["hint"].endswith(said)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (121, "3 minutes")],
)
def test_wait_is_shown_in_minutes_when_it_is_long(seconds: int, words: str) -> None:
    assert throttled(seconds).message == f"Too many requests. Wait {words}."
