"""Metrics for Prometheus: the requests of this process, and the state of the product.

Counters of several processes on one machine are added up when PROMETHEUS_MULTIPROC_DIR names a
folder that they share. Calls, money and queues are read from the database when Prometheus asks, so
every process reports the same numbers.
"""

import hmac
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import OutboxMail
from billing.models import AuditReport, Hold, StripeEvent, TopUp, Transfer
from mobayilo.health import cache_is_ready
from mobayilo.lib.money import MICROS_PER_DOLLAR
from mobayilo.lib.ratelimits import limited
from mobayilo.overview.models import PeriodicJob
from mobayilo.overview.periodic import late_seconds
from telephony.models import Call, CarrierFault, RefusedCall
from telephony.rules import CALL_COST_MICROS

RECENT = timedelta(hours=1)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("mobayilo_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "mobayilo_request_seconds", "Time to answer a request.", ["route"], buckets=BUCKETS
)


WEBHOOKS = Counter("mobayilo_webhooks", "Calls of our providers.", ["provider", "outcome"])
# A text that anyone may send is no label: each new one would stay in memory without end.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OUTCOMES = {2: "accepted", 5: "failed"}  # by the hundreds of the status; else refused
# Metrics that count the rows of the last hour by a column: the metric's name and description, the
# model, the column, which is the label's name too, and the column of a row's time. An event of
# Stripe without an outcome is counted as waiting.
COUNTED: tuple[tuple[str, str, type[Model], str, str], ...] = (
    (
        "mobayilo_calls_refused_last_hour",
        "Calls refused in the last hour.",
        RefusedCall,
        "code",
        "created_at",
    ),
    (
        "mobayilo_carrier_faults_last_hour",
        "Codes by which the carrier refused what the operator has to mend; of countries, how many.",
        CarrierFault,
        "code",
        "last_at",
    ),
    (
        "mobayilo_stripe_events_last_hour",
        "Events of Stripe received in the last hour.",
        StripeEvent,
        "outcome",
        "received_at",
    ),
)


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    if route.startswith("webhooks/"):
        WEBHOOKS.labels(route.split("/")[1], OUTCOMES.get(status // 100, "refused")).inc()


@limited("metrics")
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the text format to a client with METRICS_TOKEN; to others there is no such page."""
    token = settings.METRICS_TOKEN
    sent_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(sent_token.encode(), token.encode()):
        raise Http404
    requests = REGISTRY
    if settings.PROMETHEUS_MULTIPROC_DIR:
        requests = CollectorRegistry()
        multiprocess.MultiProcessCollector(requests)  # type: ignore[no-untyped-call]  # its own annotations are partial
    state = CollectorRegistry()
    state.register(StateCollector())
    body = generate_latest(requests) + generate_latest(state)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class StateCollector(Collector):
    """Calls, money and queues, each from one query."""

    def collect(self) -> Iterable[Metric]:
        """Yield the state of the database as gauges, once for each scrape."""
        now = timezone.now()
        yield from _calls_of_last_hour(now - RECENT)
        yield from _rows_of_last_hour(now - RECENT)
        yield _by_label(
            "mobayilo_oldest_seconds",
            "Age of the oldest thing that waits in each queue.",
            "queue",
            _ages(now),
        )
        of_subject = AuditReport.objects.filter(subject=OuterRef("subject")).order_by("-created_at")
        newest = AuditReport.objects.filter(pk=Subquery(of_subject.values("pk")[:1]))
        audits = {report.subject: report for report in newest.order_by()}
        wrong = {
            "counters_away": not cache_is_ready(),
            "periodic_jobs": PeriodicJob.objects.exclude(last_error="").count(),
            **{f"audit_{s}": report.difference_count for s, report in audits.items()},
        }
        yield _by_label("mobayilo_wrong", "What should be 0.", "what", wrong)
        yield _by_label(
            "mobayilo_audit_age_seconds",
            "Since when the newest audit of each subject stands.",
            "subject",
            {s: (now - report.created_at).total_seconds() for s, report in audits.items()},
        )


def _calls_of_last_hour(since: datetime) -> Iterable[Metric]:
    """Yield gauges of the calls placed after `since`: by state, by end reason, and in dollars."""
    calls = Call.objects.filter(created_at__gt=since).order_by()
    by_state: Tally[str] = Tally()
    by_reason: Tally[str] = Tally()
    for state, reason, count in calls.values_list("state", "end_reason").annotate(Count("id")):
        by_state[state] += count
        by_reason[reason] += count
    by_reason.pop("", None)
    yield _by_label("mobayilo_calls_last_hour", "Calls placed in the last hour.", "state", by_state)
    yield _by_label(
        "mobayilo_calls_ended_last_hour",
        "Calls placed in the last hour that did not end well, by why.",
        "reason",
        by_reason,
    )
    sums = calls.exclude(settled_at=None).aggregate(
        cost=Sum(CALL_COST_MICROS), income=Sum(F("leg_a_cost_micros") + F("leg_b_cost_micros"))
    )
    yield _by_label(
        "mobayilo_call_dollars_last_hour",
        "Cost of the calls placed in the last hour, known or estimated, and what they brought in.",
        "kind",
        {kind: (micros or 0) / MICROS_PER_DOLLAR for kind, micros in sums.items()},
    )


def _rows_of_last_hour(since: datetime) -> Iterable[Metric]:
    """Yield gauges of the rows of `COUNTED` made after `since`, and of the money moved by book."""
    for name, text, model, column, made_at in COUNTED:
        rows = model._default_manager.filter(**{f"{made_at}__gt": since}).order_by()
        counts = rows.values_list(column).annotate(Count("pk"))
        yield _by_label(name, text, column, {str(value) or "waiting": n for value, n in counts})
    transfers = Transfer.objects.filter(created_at__gt=since).order_by()
    sums = transfers.values_list("book").annotate(Sum("amount_micros"))
    yield _by_label(
        "mobayilo_dollars_last_hour",
        "Money moved in the last hour.",
        "book",
        {book: micros / MICROS_PER_DOLLAR for book, micros in sums},
    )


def _ages(now: datetime) -> dict[str, float]:
    """Return the age in seconds of the oldest row that waits in each queue, 0 for an empty one."""
    calls = Call.objects.filter(settled_at=None).aggregate(
        any_at=Min("created_at"),
        queued_at=Min("created_at", filter=Q(state=Call.State.QUEUED, leg_a_sid__isnull=False)),
    )
    overdue_holds = Hold.objects.filter(state=Hold.State.OPEN, expires_at__lte=now)
    pending = TopUp.objects.filter(status=TopUp.Status.PENDING)
    due_mails = OutboxMail.objects.filter(sent_at=None, due_at__lte=now)
    oldest_at = {
        "calls": calls["any_at"],
        # Placed, and waiting at the carrier, which starts only so many calls in a second.
        "calls_at_carrier": calls["queued_at"],
        # A refund's hold lives for days; a hold waits in the queue once it has expired.
        "holds": _oldest_at(overdue_holds, "expires_at"),
        "topups": _oldest_at(pending.filter(processing_since=None), "created_at"),
        "delayed_payments": _oldest_at(pending, "processing_since"),
        "stripe_events": _oldest_at(StripeEvent.objects.filter(applied_at=None), "received_at"),
        "mails": _oldest_at(due_mails, "due_at"),
    }
    ages = {
        queue: max(0.0, (now - at).total_seconds()) if at else 0.0
        for queue, at in oldest_at.items()
    }
    return {**ages, "periodic": late_seconds(now)}


def _oldest_at(rows: QuerySet[Any], field: str) -> datetime | None:
    """Return the earliest time in a column, or None if there are no rows."""
    at: datetime | None = rows.aggregate(at=Min(field))["at"]
    return at


def _by_label(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    """Return a gauge with one sample for each value of its label."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
