"""Writes docs/dev/query-plans.md: how PostgreSQL finds what each hot piece of work asks for.

Plans without costs or times: they change when an index does, and not from run to run.
"""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from billing.ledger import capture_hold, place_hold
from dev.stack import ROOT
from telephony.models import Call
from tests.bench import data

PAGE = ROOT / "docs" / "dev" / "query-plans.md"
HEAD = """# Query plans

How PostgreSQL finds what each hot piece of work asks for, with 100,000 settled calls in one
customer's account. Written by the `growth` section of `make bench`. The plans have no costs or
times, so that this page changes when an index does. What grows with history has to be found by
an index; "Seq Scan" is right for tables of a few rows only.
"""
LITERAL = re.compile(r"'(?:[^']|'')*'(?:::\w+(?: with time zone)?(?:\[\])?)?|(?<=id = )\d+")


def write(user: User, secret: str) -> None:
    parts = [HEAD]
    for title, work in _hot(user, secret).items():
        asked: list[tuple[str, Any]] = []
        with connection.execute_wrapper(partial(_note, asked)):
            work()
        parts.append(f"\n## {title}\n")
        parts += [_plan(*question) for question in asked]
    PAGE.write_text("".join(parts))


def _hot(user: User, secret: str) -> dict[str, Callable[[], object]]:
    client = data.browser(secret)
    oldest = Call.objects.filter(account=user.account).earliest("pk")
    quote = {"to": oldest.to_e164, "max_seconds": 60}
    return {
        "Balance": lambda: client.get("/api/cli/v1/balance"),
        "Quote, with the limits of policy": lambda: client.post(
            "/api/cli/v1/quote", quote, content_type="application/json"
        ),
        "Call list": lambda: client.get("/api/cli/v1/calls"),
        "Statement": lambda: client.get("/api/cli/v1/transactions"),
        "Following a call": lambda: client.get(f"/api/cli/v1/calls/{oldest.public_id}"),
        "Hold": lambda: _hold(user),
        "Settlement": lambda: capture_hold(
            key="plans", amount_micros=500, description="A call", reference="call_x"
        ),
        "Reconciling calls": lambda: call_command("reconcile_calls", stdout=io.StringIO()),
        "Releasing holds": lambda: call_command("release_holds", stdout=io.StringIO()),
    }


def _hold(user: User) -> None:
    until = timezone.now() + timedelta(hours=1)
    place_hold(account=user.account, amount_micros=1_000, key="plans", expires_at=until)


def _note(
    asked: list[tuple[str, Any]],
    execute: Callable[..., Any],
    sql: str,
    values: Any,  # noqa: ANN401 - Django's own signature, as below
    many: bool,
    context: dict[str, Any],
) -> Any:  # noqa: ANN401
    asked.append((sql, values))
    return execute(sql, values, many, context)


def _plan(statement: str, values: Any) -> str:  # noqa: ANN401 - a sequence or a mapping
    if not statement.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", values)
        lines = [LITERAL.sub("…", line) for (line,) in cursor.fetchall()]
    return "\n```text\n" + "\n".join(lines) + "\n```\n"
