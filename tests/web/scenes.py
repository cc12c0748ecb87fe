"""Customers with something to show: their calls, phones and money, as the product keeps them."""

from datetime import timedelta
from itertools import cycle, islice

import time_machine
from django.utils import timezone

from accounts.models import Account, User
from billing import ledger
from billing.models import Book, Transfer
from telephony.models import Call, CallerId, Rate, RateDeck

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


def deck_in_force() -> RateDeck:
    """A deck with a few prices; the same one when asked again."""
    deck, made = RateDeck.objects.get_or_create(
        name="scenes",
        defaults={"digest": "0" * 64, "row_count": 4, "effective_from": timezone.now()},
    )
    if made:
        add_rate(deck, "44", "GB", "fixed", 9_000)
        add_rate(deck, "4420", "GB", "fixed", 7_500)
        add_rate(deck, "447", "GB", "mobile", 21_000)
        add_rate(deck, "353", "IE", "fixed", 11_000)
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


def proved_phone(user: User, e164: str = OWN_PHONE) -> CallerId:
    """A verified caller ID, the default one."""
    return CallerId.objects.create(account=user.account, e164=e164, country="GB", is_default=True)


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
        answered_at=now - timedelta(seconds=seconds) if seconds else None,
        ended_at=now,
        settled_at=now,
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


def busy_customer(user: User, *, calls: int) -> None:
    """Somebody with a phone, money and so many calls, spread over the last four weeks."""
    credit(user.account, 1_000_000_000)
    phone = proved_phone(user)
    now = timezone.now()
    for index, place in enumerate(islice(cycle(CALLS), calls)):
        ago = timedelta(days=28) * (calls - index) / calls
        with time_machine.travel(now - ago):
            past_call(user, phone, place)
