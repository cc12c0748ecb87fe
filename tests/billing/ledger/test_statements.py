"""Statements, on the page, as files and by the API."""

import csv
import json
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Transfer
from tests.billing.money import capture, credit, hold
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_statement_shows_each_movement_with_its_balance(browser: Client, account: Account) -> None:
    hold(account, 3)
    capture(0.0455)
    page = browser.get("/statement").content.decode()
    assert "−$0.0455" in page
    assert "$19.9545" in page
    assert 'href="/calls/call_1"' in page


@pytest.mark.usefixtures("still_clock")
def test_statement_filters_by_kind_and_day(browser: Client, account: Account) -> None:
    today = timezone.now().date()
    for query, found in (
        ("kind=adjustment", 1),
        ("kind=call", 0),
        (f"since={today}", 1),
        (f"until={today - timedelta(days=1)}", 0),
        ("since=nonsense", 1),
    ):
        rows = browser.get(f"/statement.csv?{query}").getvalue().decode().splitlines()
        assert len(rows) == found + 1, query


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.usefixtures("still_clock")
def test_statement_and_csv_have_the_same_days(browser: Client, account: Account, zone: str) -> None:
    browser.cookies["timezone"] = zone
    today = timezone.localdate(timezone=ZoneInfo(zone))
    for query, found in (
        (f"since={today}", 1),
        (f"until={today}", 1),
        (f"since={today + timedelta(days=1)}", 0),
        (f"until={today - timedelta(days=1)}", 0),
        ("until=9999-12-31", 1),
        ("since=0001-01-01", 1),
    ):
        rows = browser.get(f"/statement.csv?{query}").getvalue().decode().splitlines()
        page = browser.get(f"/statement?{query}").content.decode()
        assert (len(rows) - 1, page.count("Credit in a test")) == (found, found), query


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1-1", "-1+1", "@SUM(1)", "\t=1"])
def test_statement_csv_is_no_formula(browser: Client, account: Account, formula: str) -> None:
    cause = Cause("adjustment:9", Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT, formula, formula)
    ledger.post(account=account, amount_micros=-1_500_000, cause=cause)
    text = browser.get("/statement.csv").getvalue().decode()
    row = next(row for row in csv.DictReader(StringIO(text)) if formula in row["reference"])
    assert (row["description"], row["reference"]) == (f"'{formula}", f"'{formula}")
    assert row["amount_usd"] == "-1.50"


def test_statement_has_one_zone_the_readers(browser: Client, account: Account) -> None:
    browser.cookies["timezone"] = "America/Sao_Paulo"
    with time_machine.travel("2026-12-01T01:30:00Z", tick=False):  # 22:30 on 30 November there
        credit(account, 7, "adjustment:late")
    november = browser.get("/statement/2026-11").content.decode()
    assert "+$7.00" in november
    assert "30 Nov 2026, 22:30" in november
    assert "<dd> America/Sao_Paulo </dd>" in " ".join(november.split())
    assert "+$7.00" not in browser.get("/statement/2026-12").content.decode()
    rows = browser.get("/statement.csv?since=2026-11-30&until=2026-11-30").getvalue().decode()
    assert "2026-11-30T22:30:00-03:00" in rows
    assert "(UTC)" not in browser.get("/statement").content.decode()


def test_statement_csv_has_exact_amounts(browser: Client, account: Account) -> None:
    credit(account, -0.000001, "adjustment:2")
    answer = browser.get("/statement.csv")
    newest = answer.getvalue().decode().splitlines()[1].split(",")
    assert newest[-2:] == ["-0.000001", "19.999999"]
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.usefixtures("still_clock")
def test_month_adds_up(browser: Client, account: Account) -> None:
    hold(account, 3)
    capture(1.25)
    today = timezone.now()
    page = browser.get(f"/statement/{today:%Y-%m}").content.decode().partition("<main")[2]
    assert page.index("$0.00") < page.index("−$1.25") < page.index("$18.75")
    assert browser.get("/statement/2026-13").status_code == 404


@pytest.mark.parametrize("rows", [1, 300])
def test_statement_takes_the_same_queries_for_any_number_of_rows(
    browser: Client,
    account: Account,
    rows: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(rows):
        credit(account, 0.01, f"adjustment:{number}")
    with django_assert_max_num_queries(15):
        assert browser.get("/statement?page=1").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=adjustment&since=2026-01-01", 2),
        ("kind=call", 0),
        ("until={today}", 2),
        ("until={yesterday}", 0),
        ("since={today}&until={today}", 2),
        ("kind=lost", "invalid_request"),
        ("until=soon", "invalid_request"),
        ("until=9999-12-31", 2),
        ("until=9999-12-31T23:59:59-12:00", "invalid_request"),
        ("since=0001-01-01T00:00:00%2B14:00", "invalid_request"),
    ],
)
@pytest.mark.usefixtures("still_clock")
def test_api_filters_movements(account: Account, query: str, found: int | str) -> None:
    credit(account, 1, "adjustment:2")
    today = timezone.now().date()
    asked = query.format(today=today, yesterday=today - timedelta(days=1))
    body = api_of(account.users.get()).get(f"/api/cli/v1/transactions?{asked}").json()
    assert found == (body["error"]["code"] if "error" in body else len(body["items"]))


def test_statement_downloads_as_json(browser: Client, account: Account) -> None:
    credit(account, -0.000001, "adjustment:2")
    answer = browser.get("/statement.json?kind=adjustment")
    assert answer["Content-Type"] == "application/json"
    movements = json.loads(answer.getvalue())
    assert [one["amount"] for one in movements] == ["-0.000001", "20.00"]
    assert json.loads(browser.get("/statement.json?kind=call").getvalue()) == []


def test_statement_leads_to_every_month(browser: Client, account: Account) -> None:
    before = timezone.now() - timedelta(days=500)
    Transfer(
        wallet=account.wallet,
        book="adjustments",
        kind="adjustment",
        amount_micros=1,
        balance_after_micros=1,
        key="adjustment:old",
        created_at=before,
        id=-1,
    ).save()
    page = browser.get("/statement").content.decode()
    assert f"/statement/{before:%Y}-{before.month}" in page
