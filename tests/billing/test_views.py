"""The pages about money, in a browser without scripts."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Account, AuditEvent, User
from billing.models import TopUp, Transfer
from tests.accounts.browser import sign_in
from tests.billing.conftest import StripeSandbox, api_of, capture, credit, hold, totals

pytestmark = [pytest.mark.db, pytest.mark.django_db]
TOPUP = "/topup"


@pytest.fixture
def browser(alice: User) -> Client:
    """Alice has just signed in."""
    return sign_in(alice)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", [{"preset": "$20.00"}, {"amount": "20"}, {"amount": "$20.00 "}])
def test_topup_page_leads_to_stripe(
    stripe_sandbox: StripeSandbox, browser: Client, form: dict[str, str]
) -> None:
    answers = [browser.post(TOPUP, {**form, "key": "one"}) for _ in range(2)]
    topup = TopUp.objects.get()
    assert [answer["Location"] for answer in answers] == [topup.checkout_url] * 2
    assert topup.amount_cents == 2_000


@pytest.mark.django_db(transaction=True)
def test_topup_page_that_is_gone_back_to_may_be_for_another_amount(
    stripe_sandbox: StripeSandbox, browser: Client
) -> None:
    for amount in ("20", "30"):
        browser.post(TOPUP, {"amount": amount, "key": "one"})
    assert [topup.amount_cents for topup in TopUp.objects.order_by("id")] == [2_000, 3_000]


@pytest.mark.parametrize("amount", ["", "4.99", "4", "abc", "1e9", "-5", "1,000", "20,50", "0x14"])
def test_topup_page_says_what_is_wrong_with_an_amount(browser: Client, amount: str) -> None:
    answer = browser.post(TOPUP, {"amount": amount})
    assert answer.status_code == 400
    assert 'class="errorlist' in answer.content.decode()
    assert not TopUp.objects.exists()


def test_topup_page_ties_the_limits_to_the_amount(browser: Client) -> None:
    page = browser.get(TOPUP).content.decode()
    assert "From $5.00 to $100.00." in page
    assert 'aria-describedby="id_amount_helptext"' in page
    assert '<label for="id_amount">Amount in US dollars</label>' in page


def test_topup_page_says_so_when_stripe_is_down(browser: Client, settings: Settings) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    answer = browser.post(TOPUP, {"amount": "20"})
    assert "The payment provider does not answer." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_return_page_credits_even_when_every_webhook_is_lost(
    stripe_sandbox: StripeSandbox, topup: TopUp, browser: Client
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay")
    TopUp.objects.update(asked_stripe_at=None)  # paying took more than the blink of this test
    page = browser.get(f"{TOPUP}/{topup.public_id}").content.decode()
    assert "was added to your balance" in page
    assert totals(topup.account) == (20, 0)


@pytest.mark.django_db(transaction=True)
def test_left_and_canceled_topup_says_that_nothing_was_charged(
    stripe_sandbox: StripeSandbox, topup: TopUp, browser: Client
) -> None:
    page = f"{TOPUP}/{topup.public_id}"
    assert "Nothing was charged" in browser.get(f"{page}?left=1").content.decode()
    after = browser.post(f"{page}/cancel", follow=True)
    assert "Canceled. Nothing was charged." in after.content.decode()


@pytest.mark.django_db(transaction=True)
def test_customer_refunds_a_part_and_has_a_receipt(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    page = f"{TOPUP}/{paid.public_id}"
    for _ in range(2):
        after = browser.post(f"{page}/refund", {"amount": "5.00", "key": "one"}, follow=True)
    assert "Refunded. It reaches your card" in after.content.decode()
    receipt = browser.get(f"{page}/receipt").content.decode()
    assert "$15.00" in receipt
    assert totals(paid.account) == (15, 0)
    assert AuditEvent.objects.filter(action="topup.refunded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_refund_form_that_was_tampered_with_is_refused(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    form = {"amount": "5.00", "key": "x" * 31}
    page = browser.post(f"{TOPUP}/{paid.public_id}/refund", form, follow=True)
    assert "at most 30 characters" in page.content.decode()
    assert totals(paid.account) == (20, 0)


@pytest.mark.django_db(transaction=True)
def test_refund_needs_a_fresh_sign_in(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3_600
    session.save()
    browser.post(f"{TOPUP}/{paid.public_id}/refund", {"amount": "5.00"})
    assert totals(paid.account) == (20, 0)


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
    today = timezone.now().date()
    for query, found in (
        (f"since={today}", 1),
        (f"until={today}", 1),
        (f"since={today + timedelta(days=1)}", 0),
        (f"until={today - timedelta(days=1)}", 0),
        ("until=9999-12-31", 1),
    ):
        rows = browser.get(f"/statement.csv?{query}").getvalue().decode().splitlines()
        page = browser.get(f"/statement?{query}").content.decode()
        assert (len(rows) - 1, page.count("Credit in a test")) == (found, found), query


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


@pytest.mark.parametrize("path", ["/topup/{}", "/topup/{}/receipt", "/statement/2026-11"])
def test_pages_of_others_are_not_found_or_empty(charlie: User, account: Account, path: str) -> None:
    topup = TopUp.objects.create(
        account=account, user=account.users.get(), amount_micros=1, expires_at=timezone.now()
    )
    stranger = Client()
    stranger.force_login(charlie)
    answer = stranger.get(path.format(topup.public_id))
    assert answer.status_code == 404 or "Credit in a test" not in answer.content.decode()
    assert Transfer.objects.exists()


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


def test_topup_page_offers_what_the_account_may_pay(browser: Client, settings: Settings) -> None:
    settings.TOPUP_MAX_CENTS_NEW_ACCOUNT = 2_000
    page = browser.get(TOPUP).content.decode()
    assert 'value="$20.00"' in page
    assert 'value="$50.00"' not in page


@pytest.mark.django_db(transaction=True)
def test_receipt_tells_what_a_dispute_took_back(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    receipt = browser.get(f"{TOPUP}/{paid.public_id}/receipt").content.decode()
    assert "Taken back after a dispute" in receipt
    assert "$15.00" in receipt
