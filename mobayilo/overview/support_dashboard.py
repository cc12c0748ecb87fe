"""The day in figures, for operators: calls, answers, refusals, and what money moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncHour
from django.utils import formats, timezone

from billing.models import Transfer
from mobayilo.lib.formatting import format_money
from mobayilo.overview.charts import Bar, day_chart, shares
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


def refusals_by_code(now: datetime) -> list[Code]:
    """Why calls were not placed in the last day."""
    lately = RefusedCall.objects.filter(created_at__gt=now - timedelta(hours=HOURS))
    return _codes(lately, "code")


def ends_by_reason(now: datetime) -> list[Code]:
    """Why calls of the last day ended as nobody wanted."""
    lately = Call.objects.filter(created_at__gt=now - timedelta(hours=HOURS))
    return _codes(lately.exclude(end_reason=""), "end_reason")


def _codes(rows: QuerySet[Any], field: str) -> list[Code]:
    by_code = rows.values_list(field).annotate(count=Count("id"))
    counted = list(by_code.order_by("-count", field)[:CODES])
    widths = shares([count for _, count in counted])
    return [Code(name, count, share) for (name, count), share in zip(counted, widths, strict=True)]
