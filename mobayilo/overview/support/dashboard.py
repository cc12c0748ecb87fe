"""The day in figures, for operators: calls, answers, refusals, and what money moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Model, Sum, Value
from django.db.models.functions import TruncDate, TruncHour
from django.utils import formats, timezone

from billing.models import Transfer
from mobayilo.lib.formatting import format_money
from mobayilo.overview.charts import Bar, day_chart, shares
from mobayilo.overview.models import FailedRequest
from mobayilo.overview.support.tables import list_url
from telephony.models import Call, RefusedCall

HOURS = 24
DAYS = 30
CODES = 12
Kind = Transfer.Kind
MONEY = (
    ("Paid in", (Kind.TOPUP,), 1),
    ("Spent on calls", (Kind.CALL, Kind.CALL_REFUND), -1),
    (
        "Refunded and disputed",
        (Kind.REFUND, Kind.REFUND_RETURNED, Kind.DISPUTE, Kind.DISPUTE_RETURNED),
        -1,
    ),
)
WENT_WRONG: tuple[tuple[str, type[Model], str], ...] = (
    ("Calls refused, by code", RefusedCall, "code"),
    ("Requests refused or failed, by code", FailedRequest, "code"),
    ("Calls ended, by reason", Call, "end_reason"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, and the same in words: each bar with its label and its value."""

    title: str
    headline: str
    rows: Sequence[tuple[str, str, Bar]]
    view_box: str


@dataclass(frozen=True, slots=True)
class Code:
    """How often something went wrong; `share` is in percent of the most frequent."""

    name: str
    count: int
    share: float


def calls_by_hour(now: datetime) -> list[Figure]:
    """Calls placed, and how many of a hundred were answered, in each of 24 hours."""
    this_hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=back) for back in reversed(range(HOURS))]
    counted = (
        Call.objects.filter(created_at__gte=hours[0])
        .annotate(hour=TruncHour("created_at"))
        .values_list("hour")
        .annotate(Count("id"), Count("answered_at"))
    )
    by_hour = {hour: (placed, answered) for hour, placed, answered in counted}
    placed = [by_hour.get(hour, (0, 0))[0] for hour in hours]
    answered = [by_hour.get(hour, (0, 0))[1] for hour in hours]
    rates = [percent(some, of) for some, of in zip(answered, placed, strict=True)]
    total, overall = sum(placed), percent(sum(answered), sum(placed))
    return [
        _figure("Calls an hour", f"{total:,}", hours, placed, words="{:,}".format),
        _figure("Answered", f"{overall} %", hours, rates, words="{} %".format),
    ]


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def money_by_day(now: datetime) -> list[Figure]:
    """What moved between customers and the house on each of 30 days."""
    first = timezone.localdate(now) - timedelta(days=DAYS - 1)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    moved = (
        Transfer.objects.filter(
            created_at__gte=timezone.make_aware(datetime.combine(first, time.min))
        )
        .annotate(day=TruncDate("created_at"))
        .values_list("day", "kind")
        .annotate(Sum("amount_micros"))
    )
    sums = {(day, kind): micros for day, kind, micros in moved}
    figures = []
    for title, kinds, sign in MONEY:
        values = [sign * sum(sums.get((day, kind), 0) for kind in kinds) for day in days]
        figures.append(_figure(title, format_money(sum(values)), days, values, words=format_money))
    return figures


def _figure(
    title: str,
    headline: str,
    instants: Sequence[date],
    values: Sequence[int],
    *,
    words: Callable[[int], str],
) -> Figure:
    chart = day_chart(list(zip(instants, values, strict=True)))
    rows = [
        (_label(instant), words(value), bar)
        for instant, value, bar in zip(instants, values, chart.bars, strict=True)
    ]
    return Figure(title, headline, rows, chart.view_box)


def _label(instant: date) -> str:
    return formats.date_format(instant, "H:i" if isinstance(instant, datetime) else "j M")


def codes_of_the_day(now: datetime) -> list[tuple[str, str, list[Code]]]:
    """What went wrong in the last day and how often: a title, where all are listed, the codes.

    Calls that were not placed, all requests that were refused or failed, and calls that ended as
    nobody wanted; counted by one query.
    """
    since = now - timedelta(hours=HOURS)
    first, *others = [
        model._default_manager.filter(created_at__gt=since)
        .exclude(**{field: ""})
        .values(of=Value(index), why=F(field))
        .annotate(count=Count("pk"))
        .values_list("of", "why", "count")
        for index, (_, model, field) in enumerate(WENT_WRONG)
    ]
    counted = list(first.union(*others, all=True).order_by("-count", "why"))
    return [
        (title, list_url(model, **{field: ""}), _codes([row for row in counted if row[0] == index]))
        for index, (title, model, field) in enumerate(WENT_WRONG)
    ]


def _codes(counted: Sequence[tuple[int, str, int]]) -> list[Code]:
    most = counted[:CODES]
    widths = shares([count for _, _, count in most])
    return [Code(name, count, share) for (_, name, count), share in zip(most, widths, strict=True)]
