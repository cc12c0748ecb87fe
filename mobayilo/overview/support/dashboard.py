"""The page Today, for operators: stuck rows, and the calls, refusals and money of the last days."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Model, QuerySet, Sum, Value
from django.db.models.functions import TruncDate, TruncHour
from django.utils import formats, timezone

from accounts.models import OutboxMail, PendingAct
from billing.models import AuditReport, Dispute, Hold, Refund, StripeEvent, TopUp, Transfer
from mobayilo.lib.money import format_money
from mobayilo.overview.charts import Bar, day_chart, shares
from mobayilo.overview.models import FailedRequest, PeriodicJob
from mobayilo.overview.support.tables import list_url
from telephony.models import Call, CarrierFault, RefusedCall

HOURS = 24
DAYS = 30
MOST_CODES = 12
# Waits after which a row counts as stuck, and the failed tries of a mail.
TEN_MINUTES = timedelta(minutes=10)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MAIL_TRIES = 2
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
FAILURES: tuple[tuple[str, type[Model], str], ...] = (
    ("Calls refused, by code", RefusedCall, "code"),
    ("Requests refused or failed, by code", FailedRequest, "code"),
    ("Calls ended, by reason", Call, "end_reason"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as bars and as a table: each bar has its label and its value in words."""

    title: str
    headline: str
    rows: Sequence[tuple[str, str, Bar]]
    view_box: str


@dataclass(frozen=True, slots=True)
class Code:
    """An error code and its count; `share` is in percent of the most frequent code."""

    name: str
    count: int
    share: float


def calls_by_hour(now: datetime) -> list[Figure]:
    """Return the calls placed, and the percentage answered, in each of 24 hours."""
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
    """Return the money paid in, spent, and paid back on each of 30 days."""
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
    """Return a figure of values, shown by `words`, at hours (datetimes) or on days (dates)."""
    chart = day_chart(list(zip(instants, values, strict=True)))
    label_format = "H:i" if isinstance(instants[0], datetime) else "j M"
    rows = [
        (formats.date_format(instant, label_format), words(value), bar)
        for instant, value, bar in zip(instants, values, chart.bars, strict=True)
    ]
    return Figure(title, headline, rows, chart.view_box)


def failures_by_code(now: datetime) -> list[tuple[str, str, list[Code]]]:
    """Return the failures of the last day: a title, the list of all rows, and the counted codes.

    They are refused calls, refused or failed requests, and the reasons of ended calls, counted by
    one query.
    """
    since = now - timedelta(hours=HOURS)
    first, *others = [
        _count(
            model._default_manager.filter(created_at__gt=since).exclude(**{field: ""}),
            of=Value(index),
            why=F(field),
        )
        for index, (_, model, field) in enumerate(FAILURES)
    ]
    counted = list(first.union(*others, all=True).order_by("-count", "why"))
    found = []
    for index, (title, model, field) in enumerate(FAILURES):
        most = [(why, count) for of, why, count in counted if of == index][:MOST_CODES]
        widths = shares([count for _, count in most])
        codes = [Code(*one, share) for one, share in zip(most, widths, strict=True)]
        found.append((title, list_url(model, **{field: ""}), codes))
    return found


def _count(rows: QuerySet[Any], **groups: Any) -> QuerySet[Any]:
    """Return a query of the number of rows in each group: its values, then the count."""
    counted: QuerySet[Any] = rows.values(**groups).annotate(count=Count("pk"))
    return counted.values_list(*groups, "count")


@dataclass(frozen=True, slots=True)
class Stuck:
    """The number of stuck rows of one kind, and the list that shows them."""

    label: str
    count: int
    url: str


def stuck(now: datetime) -> list[Stuck]:
    """Return all kinds of stuck rows, also those without a row, counted by one query."""
    kinds = list(_kinds(now))
    first, *others = [
        _count(model._default_manager.filter(**lookups).order_by(), of=Value(index))
        for index, (_, model, lookups) in enumerate(kinds)
    ]
    counts = dict(first.union(*others, all=True))
    return [
        Stuck(label, counts.get(index, 0), list_url(model, **lookups))
        for index, (label, model, lookups) in enumerate(kinds)
    ]


def _kinds(now: datetime) -> Iterator[tuple[str, type[Model], dict[str, object]]]:
    """Yield kinds with lookups that hold in a query and in an address of the admin alike."""
    yield "Calls that ended and are not settled", Call, _unsettled(ended_at__lt=now - TEN_MINUTES)
    longest = timedelta(seconds=settings.CALL_MAX_SECONDS) + HOUR
    yield "Calls that go on for too long", Call, _unsettled(created_at__lt=now - longest)
    unplaced = _unsettled(leg_a_sid__isnull=True, created_at__lt=now - TEN_MINUTES)
    yield "Calls that Twilio never took", Call, unplaced
    refused = {"number_refusals__gt": 0, "created_at__gt": now - DAY}
    yield "Calls whose number the carrier refused to show today", Call, refused
    faults: dict[str, object] = {"last_at__gt": now - DAY}
    yield "Faults of our account at the carrier today", CarrierFault, faults
    yield "Holds past their time", Hold, {"state": "open", "expires_at__lt": now - TEN_MINUTES}
    overdue: dict[str, object] = {
        "status": "pending",
        "processing_since__isnull": True,
        "expires_at__lt": now - HOUR,
    }
    yield "Top-ups past their time", TopUp, overdue
    yield "Top-ups with a problem", TopUp, {"problem__gt": ""}
    yield "Refunds under way for a day", Refund, {"status": "pending", "created_at__lt": now - DAY}
    yield "Disputes to be decided", Dispute, {"kind": "dispute", "state__lte": Dispute.State.OPEN}
    unapplied = {"applied_at__isnull": True, "received_at__lt": now - TEN_MINUTES}
    yield "Events of Stripe not applied", StripeEvent, unapplied
    yield "Events of Stripe that contradict us", StripeEvent, {"outcome": "refused"}
    yield "Acts that wait for a second person", PendingAct, {"state": "waiting"}
    unsent: dict[str, object] = {"sent_at__isnull": True, "attempts__gt": MAIL_TRIES}
    yield "Mails that do not go out", OutboxMail, unsent
    yield "Periodic jobs that fail", PeriodicJob, {"last_error__gt": ""}
    yield "Periodic jobs that are late", PeriodicJob, {"next_run_at__lt": now - TEN_MINUTES}
    differing = {"difference_count__gt": 0, "created_at__gt": now - DAY}
    yield "Reports of differences today", AuditReport, differing


def _unsettled(**lookups: object) -> dict[str, object]:
    return {"settled_at__isnull": True, **lookups}
