"""Customers with something to show: their calls, phones and money, as the product keeps them."""

from datetime import timedelta
from itertools import cycle, islice
from typing import Any

import time_machine
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import DEVICE_DEFAULT, AccessToken, Account, User
from accounts.tokens.lifecycle import revoke_token
from billing import ledger
from billing.models import Book, Dispute, TopUp, Transfer
from billing.payments.disputes import balance_claims
from mobayilo import exceptions
from mobayilo.lib.errors import ProductError
from telephony.models import Call, CallerId, Rate, RateDeck, Verification
from tests.people import new_token, person

OWN_PHONE = "+447400123456"
# Where, how it ended, and how long they talked.
CALLS = [
    ("+442079460018", "GB", "completed", 185),
    ("+4915112345678", "DE", "completed", 3725),
    ("+12025550100", "US", "busy", 0),
    ("+819012345678", "JP", "no_answer", 0),
    ("+33142685300", "FR", "completed", 42),
    ("+442079460018", "GB", "failed", 0),
    ("+2348031234567", "NG", "completed", 612),
    ("+5511961234567", "BR", "canceled", 0),
]


def credit(account: Account, amount_micros: int, key: str = "adjustment:scene") -> Transfer:
    """Money in the wallet, as support gives it."""
    cause = ledger.Cause(
        f"{key}:{account.pk}", Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT, "Credit"
    )
    return ledger.post(account=account, amount_micros=amount_micros, cause=cause)


def many_movements(account: Account, count: int) -> None:
    """A thousand rows of a ledger are too slow one by one."""
    wallet = ledger.open_wallet(account)
    before = wallet.balance_micros
    after = range(before + 10_000, before + 10_000 * count + 1, 10_000)
    Transfer.objects.bulk_create(
        Transfer(
            wallet=wallet,
            book=Book.ADJUSTMENTS,
            kind=Transfer.Kind.ADJUSTMENT,
            amount_micros=10_000,
            balance_after_micros=balance_after_micros,
            key=f"many:{account.pk}:{balance_after_micros}",
            description="Credit for a call that was hard to hear, after a letter to support",
        )
        for balance_after_micros in after
    )
    type(wallet).objects.filter(pk=wallet.pk).update(balance_micros=after[-1])


def deck_in_force() -> RateDeck:
    """The deck in force, or one with a few prices."""
    deck = RateDeck.objects.order_by("-id").first()
    if deck is not None:
        return deck
    deck = RateDeck.objects.create(
        name="scenes", digest="0" * 64, row_count=5, effective_from=timezone.now()
    )
    add_rate(deck, "44", "GB", "fixed", 9_000)
    add_rate(deck, "4420", "GB", "fixed", 7_500)
    add_rate(deck, "447", "GB", "mobile", 21_000)
    add_rate(deck, "353", "IE", "fixed", 11_000)
    add_rate(deck, "1", "US", "fixed", 10_000)
    return deck


def add_rate(deck: RateDeck, prefix: str, country: str, kind: str, micros: int) -> None:
    Rate.objects.create(
        deck=deck,
        prefix=prefix,
        description=f"{country} {kind}",
        country=country,
        kind=kind,
        micros_per_minute=micros,
        first_seconds=60,
        next_seconds=6,
        effective_from=deck.effective_from,
    )


def paid_topup(user: User, amount_micros: int = 20_000_000, **fields: Any) -> TopUp:
    """A top-up that Stripe said was paid; with a status, one that was not."""
    now = timezone.now()
    given = {"status": TopUp.Status.PAID, "paid_at": now, **fields}
    return TopUp.objects.create(
        account=user.account,
        user=user,
        amount_micros=amount_micros,
        expires_at=now + timedelta(hours=1),
        **given,
    )


def delayed_topup(user: User) -> TopUp:
    """A top-up that was paid from a bank account, and whose money comes days later."""
    now = timezone.now()
    return paid_topup(user, status="pending", paid_at=None, processing_since=now, is_by_card=False)


def disputed_topup(user: User) -> TopUp:
    """A paid top-up whose payment the bank disputes."""
    topup = paid_topup(user)
    topup.disputes.create(
        stripe_id=f"dp_{topup.pk}",
        kind=Dispute.Kind.DISPUTE,
        amount_micros=topup.amount_micros,
        state=Dispute.State.OPEN,
        stripe_status="needs_response",
        answer_by=timezone.now() + timedelta(days=7),
    )
    balance_claims(topup)
    return topup


def frozen_customer(user: User) -> None:
    """Freeze an account for a disputed payment, while another payment is on its way.

    Its id is as wide as one can be, since pages are judged by their width.
    """
    delayed_topup(user)
    disputed = disputed_topup(user)
    disputed.public_id = "top_" + "W" * (len(disputed.public_id) - len("top_"))
    disputed.save()
    user.account.frozen_at = timezone.now()
    user.account.frozen_reason = f"Disputed payment {disputed.public_id}"
    user.account.save()


def proved_phone(user: User, e164: str = OWN_PHONE, *, is_default: bool = True) -> CallerId:
    """A verified caller ID."""
    return CallerId.objects.create(
        account=user.account, e164=e164, country="GB", is_default=is_default
    )


def past_call(user: User, phone: CallerId, place: tuple[str, str, str, int]) -> Call:
    """A call that ended and was settled now."""
    to, country, state, seconds = place
    cost_a, cost_b = 200 * seconds, 500 * seconds
    now = timezone.now()
    call = Call.objects.create(
        account=user.account,
        user=user,
        caller_id=phone,
        from_e164=phone.e164,
        to_e164=to,
        to_country=country,
        to_kind="fixed",
        deck=deck_in_force(),
        leg_a_micros_per_minute=12_000,
        leg_a_first_seconds=1,
        leg_a_next_seconds=1,
        leg_b_micros_per_minute=30_000,
        leg_b_first_seconds=1,
        leg_b_next_seconds=1,
        ring_seconds=45,
        max_seconds=7200,
        hold_micros=10_000_000,
        state=state,
        created_at=now - timedelta(seconds=seconds + 12),
        answered_at=now - timedelta(seconds=seconds) if seconds else None,
        ended_at=now,
        settled_at=now,
        leg_a_status="completed",
        leg_b_status=state.replace("_", "-"),
        leg_a_seconds=seconds,
        leg_b_seconds=seconds,
        leg_a_cost_micros=cost_a,
        leg_b_cost_micros=cost_b,
    )
    if seconds:
        cause = ledger.Cause(
            f"call:{call.public_id}:settle",
            Book.CALL_REVENUE,
            Transfer.Kind.CALL,
            f"Call to {to}",
            call.public_id,
        )
        ledger.post(account=user.account, amount_micros=-cost_a - cost_b, cause=cause)
    return call


def running_call(user: User, phone: CallerId) -> Call:
    """A call whose destination rings."""
    call = past_call(user, phone, ("+442079460018", "GB", "busy", 0))
    Call.objects.filter(pk=call.pk).update(
        state="ringing",
        ended_at=None,
        settled_at=None,
        leg_a_status="in-progress",
        leg_b_status="ringing",
        leg_a_seconds=None,
        leg_b_seconds=None,
        leg_a_cost_micros=None,
        leg_b_cost_micros=None,
    )
    call.refresh_from_db()
    return call


def busy_customer(user: User, *, calls: int) -> None:
    """Make a customer with a phone, money and so many calls, spread over the last four weeks."""
    credit(user.account, 1_000_000_000)
    phone = proved_phone(user, f"+4474001{23456 + user.pk:05d}")
    now = timezone.now()
    for index, place in enumerate(islice(cycle(CALLS), calls)):
        ago = timedelta(days=28) * (calls - index) / calls
        with time_machine.travel(now - ago):
            past_call(user, phone, place)


def one_of_each(user: User) -> dict[str, str]:
    """Things of a customer that have a page of their own: calls, payments, a month."""
    phone = CallerId.objects.filter(account=user.account).latest("id")
    done = Call.objects.filter(account=user.account, state="completed").latest("id")
    return {
        "call": done.public_id,
        "running": running_call(user, phone).public_id,
        "topup": paid_topup(user).public_id,
        "waiting": paid_topup(user, status="pending", paid_at=None).public_id,
        "delayed": delayed_topup(user).public_id,
        "disputed": disputed_topup(user).public_id,
        "month": f"{timezone.now():%Y-%m}",
    }


def refusal_pages() -> dict[str, str]:
    """The pages of every refusal that has no address of its own, by the names of dev.pages."""
    request = RequestFactory().get("/somewhere")
    request.request_id = "req_0123456789abcdef01234567"  # type: ignore[attr-defined]  # as the middleware sets it
    away = ProductError("unavailable", "The service is not available for a moment.")
    answers = {
        "400": exceptions.bad_request(request, SuspiciousOperation()),
        "403": exceptions.permission_denied(request, PermissionDenied()),
        "403-form": exceptions.csrf_failure(request),
        "404": exceptions.page_not_found(request, Http404()),
        "429": exceptions.too_many_attempts(request),
        "500": exceptions.server_error(request),
        "503": exceptions.refuse(request, away),
    }
    return {name: answer.content.decode() for name, answer in answers.items()}


def some_tokens(user: User, *, prefix: str = "") -> None:
    """Devices and tokens: new, used, limited, about to expire, revoked."""
    laptop = new_token(user, *DEVICE_DEFAULT, kind="dev", name=f"{prefix}anvil")
    AccessToken.objects.filter(pk=laptop.row.pk).update(
        device_name=f"{prefix}anvil",
        client="moby/0.1.0",
        last_used_at=timezone.now() - timedelta(hours=2),
        last_used_ip="192.0.2.17",
    )
    new_token(user, "calls:write", name=f"{prefix}alarm", max_cents_per_day=500)
    new_token(
        user,
        "calls:read",
        "billing:read",
        name=f"{prefix}nightly report",
        days=3,
        destinations=["GB", "+4930"],
    )
    ended = new_token(user, "account:read", name=f"{prefix}old laptop")
    revoke_token(ended.row, reason="revoked by you")


def make_customers(newcomer: str, beginner: str, regular: str, heavy: str, frozen: str) -> None:
    """For pictures: one with nothing yet, one row of each, a usual one, too much, a frozen one."""
    person(newcomer)
    frozen_customer(person(frozen))
    first = person(beginner)
    credit(first.account, 20_000_000)
    past_call(first, proved_phone(first, "+447400123400"), CALLS[0])
    new_token(first, *DEVICE_DEFAULT, kind="dev", name="anvil")
    usual = person(regular)
    busy_customer(usual, calls=14)
    some_tokens(usual)
    full = person(heavy)
    busy_customer(full, calls=1000)
    many_movements(full.account, 500)
    proved_phone(full, "+17875550123", is_default=False)
    for number in range(30):
        some_tokens(
            full,
            prefix=f"the-machine-with-the-longest-name-of-all-of-them-in-the-basement-{number}-",
        )


def waiting_phone(user: User) -> Verification:
    """A phone whose code was sent and is waited for."""
    return Verification.objects.create(
        account=user.account,
        user=user,
        e164="+447400123456",
        country="GB",
        state=Verification.State.PENDING,
        attempts_left=4,
        expires_at=timezone.now() + timedelta(minutes=10),
    )
