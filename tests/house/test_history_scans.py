"""Pages that operators and Prometheus ask for again and again read no whole table of history."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from tests.templates import MIGRATED, copy_database, use
from tests.web.support_desk import REQUEST_ID, desk_of, something_of_everything

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plans"),
]
# What grows with every call, payment or request.
HISTORY = {
    "accounts_accesstoken", "accounts_auditevent", "accounts_outboxmail", "billing_hold",
    "billing_stripeevent", "billing_topup", "billing_transfer", "overview_failedrequest",
    "telephony_call", "telephony_callevent", "telephony_callerid", "telephony_refusedcall",
    "telephony_verification",
}  # fmt: skip
SEARCH = "/admin/accounts/account/search/?q="
QUOTED = ["+442079460018", "2079460018", "0018", "aB3x", REQUEST_ID, "CA" + "0" * 32, "pi_1"]


@pytest.fixture(scope="module", autouse=True)
def _fresh_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tables that no other test has filled: plans depend on their statistics and on their size."""
    own = str(connection.settings_dict["NAME"])
    with django_db_blocker.unblock():
        copy_database(MIGRATED, f"{own}-plans")
        use(f"{own}-plans")
    yield
    with django_db_blocker.unblock():
        use(own)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def scans(sql: str) -> list[str]:
    """Return the steps that read all rows of a history though the planner prefers an index."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}", [])
        (plans,) = cursor.fetchone()
        cursor.execute("SET LOCAL enable_seqscan = on")
    found = json.loads(plans) if isinstance(plans, str) else plans
    return [
        f"{node['Node Type']}: {sql}"
        for node in nodes(found[0]["Plan"])
        if node.get("Relation Name") in HISTORY and reads_all(node)
    ]


def reads_all(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Seq Scan":
        return True
    is_bound = "Index Cond" in node or node.get("Index Name") in partial_indexes()
    return "Filter" in node and "Index" in node["Node Type"] and not is_bound


@cache
def partial_indexes() -> set[str]:
    """Those hold but the few rows that wait for something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    "path", ["/metrics", "/admin/accounts/account/today/", *(SEARCH + text for text in QUOTED)]
)
def test_history_is_never_read_as_a_whole(alice: User, settings: Settings, path: str) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    something_of_everything(alice)
    client: Client = desk_of("operator")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path, headers={"Authorization": "Bearer scrape-me"})
    queries = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert answer.status_code < 400
    assert len(queries) > 3
    assert [scan for sql in queries for scan in scans(sql)] == []
