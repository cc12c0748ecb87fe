"""Who may be called, and how much at once: the rules of the house against fraud.

Destination rules are pure and come first. Velocity rules count rows, so they are checked under the
wallet's lock, after the hold: two calls of one account at once see each other.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Account
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony.models import Call
from telephony.numbers import Number, NumberKind, country_name
from telephony.rates import RateRow

# Kinds that pay whoever owns the number, or that no ordinary customer calls.
REFUSED_KINDS = frozenset(
    {
        NumberKind.PREMIUM,
        NumberKind.SHARED_COST,
        NumberKind.PERSONAL,
        NumberKind.PAGER,
        NumberKind.SATELLITE,
        NumberKind.INTERNATIONAL_NETWORK,
        NumberKind.VOICEMAIL,
    }
)
_HOUR = timedelta(hours=1)


def check_destination(account: Account, number: Number, rate: RateRow | None) -> RateRow:
    """The rate of a number that may be called. Raises the reason why it may not."""
    for kind in (str(number.kind), rate.kind if rate else ""):
        if kind in REFUSED_KINDS:
            words = kind.replace("_", " ")
            raise ProductError(
                "destination_blocked", f"{number.international} is a {words} number."
            )
    if rate is None:
        raise ProductError("no_rate", f"We have no price for {number.international}.")
    _check_country(number, rate)
    ceiling_micros = settings.PRICE_CEILING_CENTS_NEW_ACCOUNT * MICROS_PER_CENT
    if is_new(account) and rate.price.micros_per_minute > ceiling_micros:
        raise ProductError(
            "price_too_high",
            f"A minute to {number.international} costs "
            f"${format_micros(rate.price.micros_per_minute)}.",
            details={"ceiling": format_micros(ceiling_micros)},
        )
    return rate


def _check_country(number: Number, rate: RateRow) -> None:
    for country in (number.country, rate.country):
        if country in settings.CLOSED_COUNTRIES:
            raise ProductError(
                "country_closed", f"Calls to {country_name(country)} are closed for now."
            )


def is_new(account: Account) -> bool:
    return account.created_at > timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)


def check_velocity(call: Call) -> None:
    """Refuses a call that is one too many. `call` itself is not stored yet."""
    now = timezone.now()
    calls = Call.objects.filter(account=call.account)
    counts = calls.filter(Q(settled_at=None) | Q(created_at__gt=now - _HOUR)).aggregate(
        running=Count("id", filter=Q(settled_at=None)),
        this_hour=Count("id", filter=Q(created_at__gt=now - _HOUR)),
    )
    at_once = settings.CALLS_AT_ONCE
    if is_new(call.account):
        at_once = min(at_once, settings.CALLS_AT_ONCE_NEW_ACCOUNT)
    if counts["running"] >= at_once:
        raise ProductError(
            "too_many_calls", f"{at_once} calls at once are allowed.", details={"limit": at_once}
        )
    if counts["this_hour"] >= settings.CALLS_PER_HOUR:
        raise ProductError(
            "too_many_calls_an_hour", f"{settings.CALLS_PER_HOUR} calls an hour are allowed."
        )
    # Without so many calls this hour there cannot be so many new numbers either.
    if counts["this_hour"] >= settings.NEW_NUMBERS_PER_HOUR:
        _check_new_numbers(call, now)


def _check_new_numbers(call: Call, now: datetime) -> None:
    calls = Call.objects.filter(account=call.account)
    before = calls.filter(created_at__lte=now - _HOUR)
    if calls.filter(to_e164=call.to_e164).exists():
        return
    new = (
        calls.filter(created_at__gt=now - _HOUR)
        .exclude(Exists(before.filter(to_e164=OuterRef("to_e164"))))
        .values("to_e164")
        .distinct()
    )
    if new.count() >= settings.NEW_NUMBERS_PER_HOUR:
        raise ProductError(
            "too_many_new_numbers",
            f"{settings.NEW_NUMBERS_PER_HOUR} new numbers an hour are allowed.",
        )


_COUNTED_MICROS = Case(
    When(settled_at=None, then=F("hold_micros")),
    default=F("leg_a_cost_micros") + F("leg_b_cost_micros"),
    output_field=BigIntegerField(),
)


def spent_today_micros(account: Account, *, line: str) -> tuple[int, int]:
    """What the account, and what one line of its tokens, spent in this UTC day.

    Open holds count. A line is a token with all that it was rotated from and to.
    """
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    nothing = Value(0, output_field=BigIntegerField())
    sums = Call.objects.filter(account=account, created_at__gte=midnight).aggregate(
        whole=Coalesce(Sum(_COUNTED_MICROS), nothing),
        of_line=Coalesce(Sum(_COUNTED_MICROS, filter=Q(token__line=line)), nothing),
    )
    return sums["whole"], sums["of_line"]
