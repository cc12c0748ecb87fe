"""The home page: the next steps of a new customer, and the last 30 days of an account.

Each part is one query for any number of rows.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessToken, Account, User
from billing.models import Transfer
from billing.payments.topups import topups_on_their_way
from mobayilo.overview.charts import DayChart, day_chart, shares
from telephony.models import Call
from telephony.numbers import country_name

DAYS = 30
EXPIRY_WARNING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Step:
    """A thing to do: commands to type, or a page to open."""

    title: Any
    is_done: bool
    commands: tuple[str, ...] = ()
    url: str = ""
    action: Any = ""


def next_steps(user: User, *, is_verified: bool) -> list[Step]:
    """Return the steps in their order; none after a first call, which needs all others.

    A frozen account can take neither of the last two.
    """
    account = user.account
    if account.is_frozen or Call.objects.filter(account=account).exists():
        return []
    signed_in = AccessToken.objects.filter(user=user, kind=AccessToken.Kind.DEVICE).exists()
    has_credit = Transfer.objects.of(account).filter(amount_micros__gt=0).exists()
    has_paid = has_credit or topups_on_their_way(account).exists()
    return [
        Step(
            _("Install moby"),
            signed_in,
            commands=(settings.MOBY_INSTALL_COMMAND,),
            url=reverse("client:install"),
            action=_("Other systems, and what it does"),
        ),
        Step(_("Sign in from your terminal"), signed_in, commands=("moby auth login",)),
        Step(
            _("Verify your phone"),
            is_verified,
            commands=("moby caller-id request",),
            url=reverse("telephony:caller-ids"),
            action=_("Or verify it here"),
        ),
        Step(
            _("Top up"),
            has_paid,
            commands=("moby topup 20 --open",),
            url=reverse("billing:topup"),
            action=_("Or top up here"),
        ),
        Step(
            _("Make the first call"),
            False,
            commands=('moby call "+44 20 7946 0018"',),
            url=reverse("telephony:dial"),
            action=_("Or call from here"),
        ),
    ]


def _first_day() -> datetime:
    """Return the first midnight of the last 30 days, in the customer's zone."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def spending_chart(account: Account) -> DayChart:
    """Return the cost of calls on each of the last 30 days, less refunds of calls."""
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

    iso: str
    name: str
    calls: int
    seconds: int
    share: float


def minutes_by_country(account: Account, *, limit: int = 6) -> list[CountryMinutes]:
    """Return the countries most talked to in the last 30 days."""
    rows = list(
        Call.objects.filter(account=account, created_at__gte=_first_day(), leg_b_seconds__gt=0)
        .values_list("to_country")
        .annotate(calls=Count("id"), seconds=Sum("leg_b_seconds"))
        .order_by("-seconds", "to_country")[:limit]
    )
    widths = shares([seconds for _, _, seconds in rows])
    return [
        CountryMinutes(iso, country_name(iso), calls, seconds, share)
        for (iso, calls, seconds), share in zip(rows, widths, strict=True)
    ]


def last_calls(account: Account, *, limit: int = 5) -> QuerySet[Call]:
    return Call.objects.filter(account=account).order_by("-id")[:limit]


def expiring_tokens(user: User) -> QuerySet[AccessToken]:
    """Return live tokens of a user that expire within a week and were not rotated."""
    soon = timezone.now() + EXPIRY_WARNING
    live = AccessToken.objects.live().filter(user=user, expires_at__lte=soon, rotated_at=None)
    return live.order_by("expires_at")
