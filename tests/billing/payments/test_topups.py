"""A top-up from the amount to the balance, with the sandbox as Stripe."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from django.utils import timezone

from accounts.models import Account, User
from billing.models import StripeEvent, TopUp, Transfer
from billing.payments.topups import cancel_topup, refresh_topup, start_topup
from mobayilo.lib.errors import ProductError
from tests.billing.money import totals
from tests.billing.payments.starting import URL, start
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_topup_is_credited_when_the_webhook_arrives(
    stripe_sandbox: StripeSandbox, alice: User
) -> None:
    api = api_of(alice)
    started = start(api, 2_000)
    assert (started["http"], started["status"], started["amount_cents"]) == (201, "pending", 2_000)
    assert str(started["checkout_url"]).startswith(stripe_sandbox.control.url)
    stripe_sandbox.act(TopUp.objects.get(), "pay")
    stripe_sandbox.settle()
    paid = api.get(f"{URL}/{started['topup_id']}").json()
    assert (paid["status"], paid["checkout_url"]) == ("paid", None)
    assert api.get("/api/cli/v1/balance").json()["balance"] == "20.00"


@pytest.mark.parametrize("rule", ["duplicate", "delay", "drop"])
def test_topup_is_credited_once_whatever_becomes_of_webhooks(
    stripe_sandbox: StripeSandbox, topup: TopUp, rule: str
) -> None:
    stripe_sandbox.rule(rule, delay_seconds=0.2)
    stripe_sandbox.act(topup, "pay")
    refresh_topup(topup, at_most_every=timedelta(0))
    stripe_sandbox.settle()
    assert totals(topup.account) == (20, 0)
    assert Transfer.objects.count() == 1


def test_topup_paid_later_is_credited_when_the_money_comes(
    stripe_sandbox: StripeSandbox, bank_topup: TopUp
) -> None:
    stripe_sandbox.act(bank_topup, "pay_later")
    stripe_sandbox.settle()
    bank_topup.refresh_from_db()
    assert (bank_topup.page_status, totals(bank_topup.account)) == ("on_its_way", (0, 0))
    assert not bank_topup.checkout_url
    stripe_sandbox.act(bank_topup, "succeed")
    stripe_sandbox.settle()
    assert totals(bank_topup.account) == (20, 0)
    assert Transfer.objects.get().description == "Top-up"
    bank_topup.refresh_from_db()
    assert bank_topup.page_status == "paid"


def test_cards_are_all_that_is_offered_unless_the_operator_adds_methods(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    with pytest.raises(OSError, match="400"):
        stripe_sandbox.act(topup, "pay_later")
    assert topup.is_by_card


@pytest.mark.parametrize("rule", ["drop", "duplicate"])
def test_topup_whose_delayed_payment_fails_ends_failed(
    stripe_sandbox: StripeSandbox, bank_topup: TopUp, rule: str
) -> None:
    stripe_sandbox.rule(rule, "stripe:checkout.session.async_payment_failed")
    stripe_sandbox.act(bank_topup, "pay_later")
    stripe_sandbox.act(bank_topup, "fail")
    stripe_sandbox.settle()
    assert refresh_topup(bank_topup, at_most_every=timedelta(0)).page_status == "failed"
    assert totals(bank_topup.account) == (0, 0)


def test_canceled_topup_cannot_be_paid_any_more(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    assert cancel_topup(topup).status == TopUp.Status.EXPIRED
    with pytest.raises(OSError, match="400"):
        stripe_sandbox.act(topup, "pay")


def test_cancel_of_a_topup_paid_meanwhile_credits_it(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    stripe_sandbox.rule("drop")
    stripe_sandbox.act(topup, "pay")
    assert cancel_topup(topup).status == TopUp.Status.PAID
    assert totals(topup.account) == (20, 0)


def test_topup_repeated_with_its_key_is_one_page(
    stripe_sandbox: StripeSandbox, alice: User
) -> None:
    first, again = (
        start_topup(account=alice.account, user=alice, amount_cents=500, idempotency_key="k")
        for _ in range(2)
    )
    assert (first, first.checkout_url) == (again, again.checkout_url)
    assert TopUp.objects.count() == 1


def test_key_of_a_topup_is_not_for_another_amount(
    stripe_sandbox: StripeSandbox, alice: User
) -> None:
    start_topup(account=alice.account, user=alice, amount_cents=500, idempotency_key="k")
    with pytest.raises(ProductError) as refused:
        start_topup(account=alice.account, user=alice, amount_cents=900, idempotency_key="k")
    assert refused.value.code == "idempotency_conflict"


def test_key_of_yesterday_stands_for_a_new_topup(
    stripe_sandbox: StripeSandbox, alice: User
) -> None:
    start_topup(account=alice.account, user=alice, amount_cents=500, idempotency_key="k")
    TopUp.objects.update(created_at=timezone.now() - timedelta(hours=25))
    start_topup(account=alice.account, user=alice, amount_cents=500, idempotency_key="k")
    assert len(stripe_sandbox.sessions()) == 2


def test_first_topup_asks_for_three_d_secure(stripe_sandbox: StripeSandbox, topup: TopUp) -> None:
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    start_topup(account=topup.account, user=topup.user, amount_cents=500)
    asked = [
        "request_three_d_secure" in exchange["body"]
        for exchange in stripe_sandbox.control.get("exchanges")["exchanges"]
        if exchange["method"] == "POST"
    ]
    assert asked == [True, False]


def test_topup_of_a_frozen_account_is_refused(alice: User) -> None:
    Account.objects.update(frozen_at="2026-01-01T00:00:00Z")
    alice.account.refresh_from_db()
    with pytest.raises(ProductError) as refused:
        start_topup(account=alice.account, user=alice, amount_cents=2_000)
    assert refused.value.code == "account_frozen"


def test_another_amount_at_stripe_credits_nothing_and_is_noted(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    TopUp.objects.update(amount_micros=50_000_000)
    stripe_sandbox.act(topup, "pay")
    stripe_sandbox.settle()
    topup.refresh_from_db()
    assert topup.problem == "Stripe names another amount or currency."
    assert StripeEvent.objects.filter(outcome=StripeEvent.Outcome.REFUSED).count() == 1
    assert totals(topup.account) == (0, 0)


def test_session_names_its_topup_on_itself_and_its_payment(
    stripe_sandbox: StripeSandbox, topup: TopUp
) -> None:
    exchanges = stripe_sandbox.control.get("exchanges", provider="stripe")["exchanges"]
    (made,) = [one for one in exchanges if one["path"] == "/v1/checkout/sessions"]
    sent = dict(parse_qsl(made["body"]))
    assert sent["client_reference_id"] == topup.public_id
    assert sent["metadata[topup_id]"] == topup.public_id
    assert sent["payment_intent_data[metadata][topup_id]"] == topup.public_id
    assert int(sent["expires_at"]) == int(topup.expires_at.timestamp())


@pytest.mark.parametrize(
    ("amount_cents", "code"),
    [(499, "amount_too_small"), (10_001, "amount_too_large"), ("x", "invalid_request")],
)
def test_topup_of_a_wrong_amount_is_refused(
    stripe_sandbox: StripeSandbox, alice: User, amount_cents: object, code: str
) -> None:
    answer = start(api_of(alice), amount_cents)
    assert answer["http"] == 400
    assert answer["error"]["code"] == code  # type: ignore[index]  # JSON
    assert not TopUp.objects.exists()
