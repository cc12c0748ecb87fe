"""Settled calls with their money, as years of use leave them behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import AccessToken, Account, User
from billing.models import Book, Hold, Transfer, Wallet
from telephony.models import Call, CallerId, RateDeck

PRICE_MICROS, HOLD_MICROS = 51_250, 100_000
ROWS_AT_ONCE = 5_000


def add_customers(number: int) -> None:
    """Make more users, each with a wallet, token and phone, so that every table has many rows."""
    accounts = Account.objects.bulk_create(Account() for _ in range(number))
    users = User.objects.bulk_create(
        User(email=f"other{place}@example.org", account=account)
        for place, account in enumerate(accounts)
    )
    Wallet.objects.bulk_create(Wallet(account=account) for account in accounts)
    AccessToken.objects.bulk_create(
        AccessToken(
            user=user,
            kind=AccessToken.Kind.PERSONAL,
            name="bench",
            digest=f"{place:064x}",
            last_four=f"{place % 10_000:04}",
            line=f"line_{place}",
        )
        for place, user in enumerate(users)
    )
    CallerId.objects.bulk_create(
        CallerId(account=account, e164=f"+44750{place:07}", country="GB", is_default=True)
        for place, account in enumerate(accounts)
    )


def add_calls(user: User, deck: RateDeck, numbers: range) -> None:
    """One settled call for each number, a minute apart back from now, in one customer's account."""
    wallet = Wallet.objects.get(account=user.account)
    own = CallerId.objects.get(account=user.account)
    now = timezone.now()
    for start in range(numbers.start, numbers.stop, ROWS_AT_ONCE):
        some = range(start, min(start + ROWS_AT_ONCE, numbers.stop))
        calls = [_call(user, own, deck, number, now) for number in some]
        Call.objects.bulk_create(calls)
        Hold.objects.bulk_create(_hold(wallet, call) for call in calls)
        Transfer.objects.bulk_create(_transfers(wallet, calls))
        wallet.save(update_fields=["balance_micros"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _call(user: User, own: CallerId, deck: RateDeck, number: int, now: datetime) -> Call:
    at = now - timedelta(minutes=number)
    return Call(
        account=user.account,
        user=user,
        caller_id=own,
        from_e164=own.e164,
        to_e164=f"+4420794{number % 100_000:05}",
        to_country="GB",
        to_kind="fixed",
        deck=deck,
        leg_a_micros_per_minute=30_000,
        leg_a_first_seconds=1,
        leg_a_next_seconds=1,
        leg_b_micros_per_minute=15_000,
        leg_b_first_seconds=1,
        leg_b_next_seconds=1,
        ring_seconds=45,
        max_seconds=600,
        hold_micros=HOLD_MICROS,
        state=Call.State.COMPLETED,
        leg_a_sid=f"CA{number:032x}",
        leg_a_status="completed",
        leg_a_seconds=70,
        leg_b_sid=f"CB{number:032x}",
        leg_b_status="completed",
        leg_b_seconds=65,
        created_at=at,
        ended_at=at,
        settled_at=at,
        leg_a_cost_micros=35_000,
        leg_b_cost_micros=16_250,
    )


def _hold(wallet: Wallet, call: Call) -> Hold:
    return Hold(
        wallet=wallet,
        key=call.hold_key,
        amount_micros=HOLD_MICROS,
        captured_micros=PRICE_MICROS,
        state=Hold.State.CAPTURED,
        expires_at=call.created_at,
        created_at=call.created_at,
        closed_at=call.created_at,
    )


def _transfers(wallet: Wallet, calls: list[Call]) -> Iterator[Transfer]:
    for call in calls:
        wallet.balance_micros -= PRICE_MICROS
        yield Transfer(
            wallet=wallet,
            book=Book.CALL_REVENUE,
            kind=Transfer.Kind.CALL,
            amount_micros=-PRICE_MICROS,
            balance_after_micros=wallet.balance_micros,
            key=f"{call.hold_key}:settle",
            description="Call to +44207946…",
            reference=call.public_id,
            created_at=call.created_at,
        )
