"""The pages about money, in a browser without scripts."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from billing.models import TopUp, Transfer
from tests.billing.money import totals
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]
TOPUP = "/topup"


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


@pytest.mark.django_db(transaction=True)
def test_receipt_shows_what_a_dispute_took_back(
    stripe_sandbox: StripeSandbox, paid: TopUp, browser: Client
) -> None:
    stripe_sandbox.dispute(stripe_sandbox.payment_of(paid), amount=500)
    stripe_sandbox.settle()
    receipt = browser.get(f"{TOPUP}/{paid.public_id}/receipt").content.decode()
    assert "Taken back after a dispute" in receipt
    assert "$15.00" in receipt


@pytest.mark.django_db(transaction=True)
def test_payment_on_its_way_offers_nothing_more_to_pay(
    stripe_sandbox: StripeSandbox, bank_topup: TopUp, browser: Client
) -> None:
    stripe_sandbox.act(bank_topup, "pay_later")
    stripe_sandbox.settle()
    page = browser.get(f"/topup/{bank_topup}").content.decode()
    assert "one to five working days" in page
    assert "Go to the payment page" not in page
    assert "Cancel this top-up" not in page
    assert "by card" not in browser.get("/topup").content.decode()
    for path in ("/home", "/statement", "/topup"):
        assert "$20.00 has been on its way since" in browser.get(path).content.decode(), path
    stripe_sandbox.act(bank_topup, "succeed")
    stripe_sandbox.settle()
    assert "is on its way" not in browser.get("/home").content.decode()


@pytest.mark.django_db(transaction=True)
def test_checkout_on_a_domain_of_the_operator_is_reached_by_a_page(
    stripe_sandbox: StripeSandbox, browser: Client
) -> None:
    address = "https://pay.example.com/c/pay/cs_1"
    fields = {"url": address}
    path = "/v1/checkout/sessions"
    stripe_sandbox.fail("altered", path, fields=fields)
    answer = browser.post("/topup", {"amount": "20"})
    assert answer.status_code == 200
    assert f'content="0; url={address}"' in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_refund_that_the_month_does_not_allow_is_left_to_support(
    paid: TopUp, browser: Client, settings: Settings
) -> None:
    settings.REFUNDS_PER_MONTH = 0
    settings.SUPPORT_EMAIL = "help@example.com"
    page = browser.get(f"/topup/{paid}").content.decode()
    assert "mailto:help@example.com" in page
    assert "Refund to my card" not in page
