"""Who may be called, and how much at once: the rules of the house against fraud.

Destination rules are pure and come first. Velocity rules count rows, so they are checked under the
wallet's lock, before the hold: two calls of one account at once see each other.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Account
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony.models import Call
from telephony.numbers import Number, NumberKind, country_name
from telephony.rates.deck import RateRow
from telephony.rules.destinations import is_opened
from telephony.rules.limits import Limits, is_new

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
_COUNTED_MICROS = Case(
    When(settled_at=None, then=F("hold_micros")),
    default=F("leg_a_cost_micros") + F("leg_b_cost_micros"),
    output_field=BigIntegerField(),
)


def check_destination(account: Account, number: Number, rate: RateRow | None) -> RateRow:
    """Return the rate of a number that may ring, as either leg. Raises the reason why it may not.

    Both the destination and the customer's own phone pass here, and so does a phone to be proved.
    """
    if number.e164 == settings.TWILIO_FROM_NUMBER:
        raise ProductError("destination_blocked", f"{number.international} is a number of ours.")
    for kind in (str(number.kind), rate.kind if rate else ""):
        if kind in REFUSED_KINDS:
            words = kind.replace("_", " ")
            raise ProductError(
                "destination_blocked", f"{number.international} is a {words} number."
            )
    if rate is None:
        raise ProductError("no_rate", f"We have no price for {number.international}.")
    _check_country(account, number, rate)
    ceiling_micros = settings.PRICE_CEILING_CENTS_NEW_ACCOUNT * MICROS_PER_CENT
    is_dear = rate.price.micros_per_minute > ceiling_micros
    if is_dear and is_new(account) and not is_opened(account, number, rate.country):
        raise ProductError(
            "price_too_high",
            f"A minute to {number.international} costs "
            f"${format_micros(rate.price.micros_per_minute)}.",
            details={"ceiling": format_micros(ceiling_micros)},
        )
    return rate


def _check_country(account: Account, number: Number, rate: RateRow) -> None:
    for country in (number.country, rate.country):
        is_closed = country in settings.CLOSED_COUNTRIES
        if is_closed and not is_opened(account, number, rate.country):
            raise ProductError(
                "country_closed", f"Calls to {country_name(country)} are closed for now."
            )


@dataclass(frozen=True, slots=True)
class Activity:
    """What an account does and did lately."""

    running: int
    this_hour: int
    spent_today_micros: int  # open holds count
    spent_today_by_line_micros: int  # by a token with all that it was rotated from and to


def activity_of(account: Account, *, line: str = "") -> Activity:
    """One query. To be exact, it needs the wallet's lock."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    open_ones, today = Q(settled_at=None), Q(created_at__gte=midnight)
    lately = Q(created_at__gt=now - _HOUR)
    nothing = Value(0, output_field=BigIntegerField())
    calls = Call.objects.filter(open_ones | today | lately, account=account)
    return Activity(
        **calls.aggregate(
            running=Count("id", filter=open_ones),
            this_hour=Count("id", filter=lately),
            spent_today_micros=Coalesce(Sum(_COUNTED_MICROS, filter=today), nothing),
            spent_today_by_line_micros=Coalesce(
                Sum(_COUNTED_MICROS, filter=today & Q(token__line=line)), nothing
            ),
        )
    )


def check_velocity(account: Account, limits: Limits, activity: Activity, *, to_e164: str) -> None:
    """Refuses a call that is one too many."""
    at_once = limits.calls_at_once
    if activity.running >= at_once:
        raise ProductError(
            "too_many_calls", f"{at_once} calls at once are allowed.", details={"limit": at_once}
        )
    if activity.this_hour >= limits.calls_per_hour:
        raise ProductError(
            "too_many_calls_an_hour", f"{limits.calls_per_hour} calls an hour are allowed."
        )
    # Without so many calls this hour there cannot be so many new numbers either.
    if activity.this_hour >= limits.new_numbers_per_hour:
        _check_new_numbers(account, limits.new_numbers_per_hour, to_e164)


def _check_new_numbers(account: Account, limit: int, to_e164: str) -> None:
    now = timezone.now()
    calls = Call.objects.filter(account=account)
    before = calls.filter(created_at__lte=now - _HOUR)
    if calls.filter(to_e164=to_e164).exists():
        return
    new = (
        calls.filter(created_at__gt=now - _HOUR)
        .exclude(Exists(before.filter(to_e164=OuterRef("to_e164"))))
        .values("to_e164")
        .distinct()
    )
    if new.count() >= limit:
        raise ProductError("too_many_new_numbers", f"{limit} new numbers an hour are allowed.")
