"""What should have moved on by itself and has not: each a list of the admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Model, QuerySet, Value

from accounts.models import OutboxMail
from billing.models import AuditReport, Dispute, Hold, Refund, StripeEvent, TopUp
from mobayilo.overview.models import PeriodicJob
from mobayilo.overview.support.tables import list_url
from telephony.models import Call

SOON = timedelta(minutes=10)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RETRIES = 2  # of a mail, before somebody should look


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many there are, and the list that shows them."""

    label: str
    count: int
    url: str


def stuck(now: datetime) -> list[Stuck]:
    """All kinds, counted by one query; those of which there is none are told too."""
    kinds = list(_kinds(now))
    first, *others = [_count(i, model, lookups) for i, (_, model, lookups) in enumerate(kinds)]
    counts = dict(first.union(*others, all=True))
    return [
        Stuck(label, counts.get(index, 0), list_url(model, **lookups))
        for index, (label, model, lookups) in enumerate(kinds)
    ]


def _count(index: int, model: type[Model], lookups: dict[str, object]) -> QuerySet[Any]:
    """One row, which says of which kind it is and how many there are."""
    found = model._default_manager.filter(**lookups).order_by()
    counted = found.values(of=Value(index)).annotate(count=Count("pk"))
    row: QuerySet[Any] = counted.values_list("of", "count")
    return row


def _kinds(now: datetime) -> Iterator[tuple[str, type[Model], dict[str, object]]]:
    """Lookups that mean the same in a query and in an address of the admin."""
    yield "Calls that ended and are not settled", Call, _unsettled(ended_at__lt=now - SOON)
    longest = timedelta(seconds=settings.CALL_MAX_SECONDS) + HOUR
    yield "Calls that go on for too long", Call, _unsettled(created_at__lt=now - longest)
    unplaced = _unsettled(leg_a_sid__isnull=True, created_at__lt=now - SOON)
    yield "Calls that Twilio never took", Call, unplaced
    yield "Holds past their time", Hold, {"state": "open", "expires_at__lt": now - SOON}
    overdue = {"status": "pending", "expires_at__lt": now - HOUR}
    yield "Top-ups past their time", TopUp, overdue
    yield "Top-ups with a problem", TopUp, {"problem__gt": ""}
    yield "Refunds under way for a day", Refund, {"status": "pending", "created_at__lt": now - DAY}
    yield "Disputes to be decided", Dispute, {"kind": "dispute", "state__lte": Dispute.State.OPEN}
    unapplied = {"applied_at__isnull": True, "received_at__lt": now - SOON}
    yield "Events of Stripe not applied", StripeEvent, unapplied
    yield "Events of Stripe that contradict us", StripeEvent, {"outcome": "refused"}
    unsent: dict[str, object] = {"sent_at__isnull": True, "attempts__gt": RETRIES}
    yield "Mails that do not go out", OutboxMail, unsent
    yield "Periodic jobs that fail", PeriodicJob, {"last_error__gt": ""}
    yield "Periodic jobs that are late", PeriodicJob, {"next_run_at__lt": now - SOON}
    differing = {"difference_count__gt": 0, "created_at__gt": now - DAY}
    yield "Reports of differences today", AuditReport, differing


def _unsettled(**lookups: object) -> dict[str, object]:
    return {"settled_at__isnull": True, **lookups}
