"""What an account did lately, for its home page: one query each, whatever the number of rows."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import AccessToken, Account, User
from billing.models import Transfer
from mobayilo.overview.charts import DayChart, day_chart, shares
from telephony.models import Call
from telephony.numbers import country_name

DAYS = 30
EXPIRY_WARNING = timedelta(days=7)


def _first_day() -> datetime:
    """The first midnight of the last 30 days, in the customer's zone."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def spending_chart(account: Account) -> DayChart:
    """What calls cost on each of the last 30 days, refunds of calls taken off."""
    start = _first_day()
    spent = (
        Transfer.objects.of(account)
        .filter(
            kind__in=(Transfer.Kind.CALL, Transfer.Kind.CALL_REFUND),
            created_at__gte=start,
        )
        .annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(Sum("amount_micros"))
    )
    by_day = {day: -micros for day, micros in spent}
    days = [start.date() + timedelta(days=n) for n in range(DAYS)]
    return day_chart([(day, by_day.get(day, 0)) for day in days])


@dataclass(frozen=True, slots=True)
class CountryMinutes:
    """Talking time to one country; `share` is in percent of the country most talked to."""

    name: str
    calls: int
    seconds: int
    share: float


def minutes_by_country(account: Account, *, limit: int = 6) -> list[CountryMinutes]:
    """The countries most talked to in the last 30 days."""
    rows = list(
        Call.objects.filter(account=account, created_at__gte=_first_day(), leg_b_seconds__gt=0)
        .values_list("to_country")
        .annotate(calls=Count("id"), seconds=Sum("leg_b_seconds"))
        .order_by("-seconds", "to_country")[:limit]
    )
    widths = shares([seconds for _, _, seconds in rows])
    return [
        CountryMinutes(country_name(iso), calls, seconds, share)
        for (iso, calls, seconds), share in zip(rows, widths, strict=True)
    ]


def last_calls(account: Account, *, limit: int = 5) -> QuerySet[Call]:
    return Call.objects.filter(account=account).order_by("-id")[:limit]


def expiring_tokens(user: User) -> QuerySet[AccessToken]:
    """Live tokens of a user that end within a week, without those that have a successor."""
    soon = timezone.now() + EXPIRY_WARNING
    live = AccessToken.objects.live().filter(user=user, expires_at__lte=soon, rotated_at=None)
    return live.order_by("expires_at")
