"""Rules against fraud: the destinations that an account may call, and how much it may call.

Destination rules are pure and come first. Velocity rules count rows, so they are checked under the
lock of the wallet, before the hold: two calls of one account at once count each other.
"""

import re
from collections.abc import Container
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts import audit
from accounts.audit import AnyRequest
from accounts.models import Account, User
from accounts.staff.second_person import refuse_self_and_colleagues
from mobayilo.lib.errors import Hints, ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros, format_money
from mobayilo.lib.prepared import CompiledQuery, Parameter
from telephony.models import AccountLimits, Call, OpenedDestination
from telephony.numbers import Number, NumberKind, country_code, country_name
from telephony.pricing import CallPrice
from telephony.rates.deck import DeckIndex, RateRow

# Kinds that pay the owner of the number, or that no ordinary customer calls.
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


def _leg_cost_micros(leg: str) -> Combinable:
    """Return Twilio's own price of a leg, or until it is known the deck's, by started minutes."""
    minutes = (Coalesce(F(f"leg_{leg}_seconds"), 0) + 59) / 60
    return Coalesce(F(f"leg_{leg}_paid_micros"), minutes * F(f"leg_{leg}_micros_per_minute"))


# What a settled call cost the operator.
CALL_COST_MICROS = ExpressionWrapper(
    _leg_cost_micros("a") + _leg_cost_micros("b"), output_field=BigIntegerField()
)
# What a call cost beyond its charge, or may cost while it is open. A dear call is not made good by
# another call with a profit.
_UNPAID_MICROS = Case(
    When(settled_at=None, then=F("most_unpaid_micros")),
    default=Greatest(
        Value(0, output_field=BigIntegerField()),
        ExpressionWrapper(
            CALL_COST_MICROS - F("leg_a_cost_micros") - F("leg_b_cost_micros"),
            output_field=BigIntegerField(),
        ),
    ),
    output_field=BigIntegerField(),
)
_WAS_FREE_ATTEMPT = Q(leg_a_seconds__gt=0, leg_a_cost_micros=0, leg_b_cost_micros=0) & ~Q(
    end_reason__in=Call.REFUSALS
)
OTHER_PHONE_HINTS = Hints(
    "Send the caller_id of a phone that costs less to ring, or ask {support}.",
    page="Call from a phone that costs less to ring, or ask {support}.",
    terminal="Choose a phone that costs less to ring: --from NUMBER, or ask {support}.",
)
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def check_destination(
    account: Account,
    number: Number,
    deck: DeckIndex,
    *,
    operator_numbers: Container[str],
    shown_e164: str,
) -> RateRow:
    """Return the rate of a number that may ring. Raise ProductError if it may not.

    An operator may open what our settings close, and not what the carrier closes. The destination
    and the customer's own phone are both checked, and so is a phone to be verified.
    """
    if number.e164 in operator_numbers:
        raise ProductError("destination_blocked", f"{number.international} is a number of ours.")
    rate = deck.find(number.e164, shown_e164=shown_e164)
    for kind in (str(number.kind), rate.kind if rate else ""):
        if kind in REFUSED_KINDS:
            words = kind.replace("_", " ")
            raise ProductError(
                "destination_blocked", f"{number.international} is a {words} number."
            )
    if rate is None:
        raise ProductError("no_rate", f"We have no price for {number.international}.")
    for country in (number.country, rate.country):
        is_closed = country in settings.CLOSED_COUNTRIES
        if country in deck.closed_countries or (
            is_closed and not is_opened(account, number, rate.country)
        ):
            raise ProductError(
                "country_closed", f"Calls to {country_name(country)} are closed for now."
            )
    ceiling_micros = settings.PRICE_CEILING_CENTS_NEW_ACCOUNT * MICROS_PER_CENT
    is_dear = rate.price.micros_per_minute > ceiling_micros
    if is_dear and is_new(account) and not is_opened(account, number, rate.country):
        raise ProductError(
            "price_too_high",
            f"A minute to {number.international} costs "
            f"{format_money(rate.price.micros_per_minute)}.",
            details={"ceiling": format_micros(ceiling_micros)},
        )
    return rate


def check_own_phone_price(account: Account, phone: Number, rate: RateRow) -> None:
    """Refuse to ring a customer's phone above the ceiling, however old the account is.

    Its leg is paid for by the operator when the destination does not answer.
    """
    ceiling_micros = settings.PRICE_CEILING_CENTS_OWN_PHONE * MICROS_PER_CENT
    if rate.price.micros_per_minute <= ceiling_micros or is_opened(account, phone, rate.country):
        return
    raise ProductError(
        "price_too_high",
        f"Ringing your own phone {phone.international} costs "
        f"{format_money(rate.price.micros_per_minute)} a minute.",
        hint=OTHER_PHONE_HINTS,
        details={"ceiling": format_micros(ceiling_micros)},
    )


def is_opened(account: Account, number: Number, rated_country: str) -> bool:
    """Report whether an operator opened a number. Costs a query, so ask before a refusal only."""
    prefixes = [number.e164[:length] for length in range(2, len(number.e164) + 1)]
    return OpenedDestination.objects.filter(
        Q(account=account) | Q(account=None),
        closed_at=None,
        destination__in=[number.country, rated_country, *prefixes],
    ).exists()


def read_destination(text: str) -> str:
    """Read a country, or + and a prefix, as staff write it. Raise `invalid_request`."""
    written = re.sub(r"[\s().-]", "", text)
    if written.startswith("+"):
        if _PREFIX.fullmatch(written):
            return written
        raise ProductError("invalid_request", "A prefix is + and at most 15 digits.")
    return country_code(text)


def open_destination(
    *, account: Account | None, destination: str, reason: str, staff: User, request: AnyRequest
) -> OpenedDestination:
    """Let an account, or every account, call a country or a prefix."""
    refuse_self_and_colleagues(staff, [account])
    try:
        with transaction.atomic():
            opened = OpenedDestination.objects.create(
                account=account, destination=destination, reason=reason, opened_by=staff
            )
            audit.record(
                "destination.opened", account=account, user=staff, request=request,
                destination=destination, reason=reason,
            )  # fmt: skip
    except IntegrityError:
        raise ProductError("invalid_request", f"{destination} is open already.") from None
    return opened


def close_destination(
    opened: OpenedDestination, *, reason: str, staff: User, request: AnyRequest
) -> bool:
    """Close an opened destination again. Return False if it was closed already."""
    with transaction.atomic():
        open_ones = OpenedDestination.objects.filter(pk=opened.pk, closed_at=None)
        if not open_ones.update(closed_at=timezone.now()):
            return False
        audit.record(
            "destination.closed", account=opened.account, user=staff, request=request,
            destination=opened.destination, reason=reason,
        )  # fmt: skip
    return True


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in force for an account."""

    calls_at_once: int
    calls_per_hour: int
    new_numbers_per_hour: int
    spend_max_cents_per_day: int


@dataclass(frozen=True, slots=True)
class ChosenLimits:
    """Limits that an operator chose for an account, None where the settings decide."""

    calls_at_once: int | None = None
    calls_per_hour: int | None = None
    new_numbers_per_hour: int | None = None
    spend_max_cents_per_day: int | None = None


LIMIT_NAMES = tuple(field.name for field in fields(Limits))


def is_new(account: Account) -> bool:
    return account.created_at > timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)


def limits_of(account: Account) -> Limits:
    """Return the limits in force. A limit that an operator set holds for a new account too.

    Costs a query, unless the account was read with its `call_limits`.
    """
    at_once = settings.CALLS_AT_ONCE
    if is_new(account):
        at_once = min(at_once, settings.CALLS_AT_ONCE_NEW_ACCOUNT)
    usual = Limits(
        calls_at_once=at_once,
        calls_per_hour=settings.CALLS_PER_HOUR,
        new_numbers_per_hour=settings.NEW_NUMBERS_PER_HOUR,
        spend_max_cents_per_day=settings.SPEND_MAX_CENTS_PER_DAY,
    )
    row = getattr(account, "call_limits", None)
    own_limits = {name: getattr(row, name, None) for name in LIMIT_NAMES}
    set_ones = {name: limit for name, limit in own_limits.items() if limit is not None}
    return Limits(**(asdict(usual) | set_ones))


def set_limits(
    account: Account, limits: ChosenLimits, *, reason: str, staff: User, request: AnyRequest
) -> AccountLimits:
    """Set all limits of an account at once; the settings decide the limits that are left out."""
    refuse_self_and_colleagues(staff, [account])
    facts = asdict(limits)
    with transaction.atomic():
        row, _ = AccountLimits.objects.update_or_create(
            account=account,
            defaults={**facts, "reason": reason, "set_by": staff, "set_at": timezone.now()},
        )
        audit.record(
            "account.limits_set", account=account, user=staff, request=request,
            reason=reason, **facts,
        )  # fmt: skip
    return row


@dataclass(frozen=True, slots=True)
class Activity:
    """Calls and spending of an account, for the limits of an hour and of a day."""

    calls_running: int
    calls_this_hour: int
    spent_today_micros: int  # open holds count, also those of a call from before midnight
    spent_today_by_line_micros: int  # by a token with all that it was rotated from and to
    unpaid_today_micros: int  # the cost beyond the charges, of an open call the most it may be
    free_attempts_today: int  # calls that cost nothing although the customer's phone was answered

    @property
    def charges_attempts(self) -> bool:
        """Whether a call placed now is charged even if it is short or not answered."""
        return self.free_attempts_today >= settings.FREE_ATTEMPTS_PER_DAY


def activity_of(account: Account, *, line: str = "") -> Activity:
    """Count with one query. The counts are exact only under the lock of the wallet."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    row = _activity_query(connection.vendor).fetch(
        account=account.pk, line=line, midnight=midnight, hour_ago=now - _HOUR
    )
    return Activity(*map(int, row or [0] * len(fields(Activity))))


@cache  # for each database, which has its own SQL
def _activity_query(vendor: str) -> CompiledQuery:
    """Return the query of `activity_of`, with a column for each field and no row without calls."""
    open_ones = Q(settled_at=None)
    today = Q(created_at__gte=Parameter("midnight", output_field=DateTimeField()))
    lately = Q(created_at__gt=Parameter("hour_ago", output_field=DateTimeField()))
    by_line = Q(token__line=Parameter("line", output_field=CharField()))
    account = Parameter("account", output_field=BigIntegerField())
    nothing = Value(0, output_field=BigIntegerField())
    columns = {
        "calls_running": Count("id", filter=open_ones),
        "calls_this_hour": Count("id", filter=lately),
        "spent_today_micros": Coalesce(Sum(_COUNTED_MICROS, filter=open_ones | today), nothing),
        "spent_today_by_line_micros": Coalesce(
            Sum(_COUNTED_MICROS, filter=(open_ones | today) & by_line), nothing
        ),
        "unpaid_today_micros": Coalesce(Sum(_UNPAID_MICROS, filter=open_ones | today), nothing),
        "free_attempts_today": Count("id", filter=today & ~open_ones & _WAS_FREE_ATTEMPT),
    }
    calls = Call.objects.filter(open_ones | today | lately, account=account)
    of_account = calls.order_by().values("account").annotate(**columns)
    return CompiledQuery.of(of_account.values_list(*(field.name for field in fields(Activity))))


def check_unpaid_cost(price: CallPrice, activity: Activity) -> None:
    """Refuse a call that may cost the operator more than an account may cost a day."""
    budget_micros = settings.UNPAID_COST_MAX_CENTS_PER_DAY * MICROS_PER_CENT
    most_micros = price.most_unpaid_micros(short_seconds=settings.FALSE_ANSWER_SECONDS)
    if activity.unpaid_today_micros + most_micros <= budget_micros:
        return
    if most_micros > budget_micros:
        raise ProductError(
            "unpaid_cost_limit",
            "If nobody answers, this call could cost more than is free in a day.",
            hint=OTHER_PHONE_HINTS,
        )
    if activity.calls_running:
        raise ProductError(
            "unpaid_cost_limit",
            "Unanswered, this call and those under way could cost more than is free in a day.",
            hint="Wait until a call has ended. The day starts again at 00:00 UTC.",
        )
    raise ProductError(
        "unpaid_cost_limit",
        "Your free unanswered and very short calls are used up for today (UTC).",
    )


def check_velocity(account: Account, limits: Limits, activity: Activity, *, to_e164: str) -> None:
    """Refuse a call above one of the limits."""
    at_once = limits.calls_at_once
    if activity.calls_running >= at_once:
        raise ProductError(
            "too_many_calls",
            f"Of your calls {at_once} are running, the most that is allowed.",
            details={"limit": at_once},
        )
    if activity.calls_this_hour >= limits.calls_per_hour:
        raise ProductError(
            "too_many_calls_an_hour",
            f"You made {limits.calls_per_hour} calls in the last hour, the most that is allowed.",
        )
    # Without so many calls this hour there cannot be so many new numbers either.
    if activity.calls_this_hour < limits.new_numbers_per_hour:
        return
    hour_ago = timezone.now() - _HOUR
    calls = Call.objects.filter(account=account)
    if calls.filter(to_e164=to_e164).exists():
        return
    before = calls.filter(created_at__lte=hour_ago, to_e164=OuterRef("to_e164"))
    new = calls.filter(created_at__gt=hour_ago).exclude(Exists(before))
    if new.values("to_e164").distinct().count() >= limits.new_numbers_per_hour:
        raise ProductError(
            "too_many_new_numbers",
            f"You called {limits.new_numbers_per_hour} new numbers in the last hour,"
            " the most that is allowed.",
        )
