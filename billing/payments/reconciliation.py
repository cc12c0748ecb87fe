"""Reconciliation: finish by asking Stripe what a lost webhook, a time-out or a crash left open.

Safe to run at any time and in several processes: every step is one of the operations that webhooks
call too, and the filtered update in it decides.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.db import DatabaseError
from django.db.models import F, Min, Q
from django.utils import timezone

from billing.models import Dispute, Refund, TopUp
from billing.payments import disputes, events, gateway, refunds, topups
from billing.payments.topups import ContradictionError
from mobayilo.lib.errors import ProductError

logger = logging.getLogger(__name__)
# Younger ones are left to their webhooks.
OPEN_TOO_LONG = timedelta(minutes=2)
# Stripe reports a refund or a dispute at once. After an outage of this length none is missed.
LONGEST_OUTAGE = timedelta(days=3)
# A delayed payment takes days.
BANKS_ASKED_EVERY = timedelta(hours=1)
BANKS_DECIDE_WITHIN = timedelta(days=180)
ROWS_PER_RUN = 500
# An outage is not waited for row by row: the other periodic jobs wait for this one.
MOST_SILENCES_IN_A_ROW = 3
Row = TypeVar("Row", TopUp, Refund)


def reconcile_topups() -> dict[str, int]:
    """Bring everything about top-ups up to date; return how many of each kind were looked at."""
    in_dashboard = TopUp.objects.filter(stripe_refunded_micros__gt=F("refunded_micros"))
    return {
        "events": events.apply_overdue(),
        "top-ups": _each(open_topups(), _finish_topup),
        "refunds": _each(open_refunds(), _finish_refund),
        "refunds made elsewhere": _each(list(in_dashboard[:ROWS_PER_RUN]), _find_refunds),
        "refunds unheard of": record_missed_refunds(),
        "disputes unheard of": record_missed_disputes(),
    }


def open_topups() -> list[TopUp]:
    """Return pending top-ups old enough to ask about, the one asked about longest ago first.

    A top-up without a session timed out while its page was being made. No customer has its address,
    so it is left alone until the page would have expired.
    """
    now = timezone.now()
    with_page = Q(stripe_session_id__isnull=False, created_at__lt=now - OPEN_TOO_LONG)
    without = Q(stripe_session_id=None, expires_at__lt=now)
    pending = TopUp.objects.filter(with_page | without, status=TopUp.Status.PENDING)
    asked_lately = Q(processing_since__isnull=False, asked_stripe_at__gt=now - BANKS_ASKED_EVERY)
    pending = pending.exclude(asked_lately)
    oldest_first = pending.order_by(F("asked_stripe_at").asc(nulls_first=True), "id")
    return list(oldest_first.select_related("account", "user")[:ROWS_PER_RUN])


def open_refunds() -> list[Refund]:
    now = timezone.now()
    pending = Refund.objects.filter(
        Q(asked_stripe_at=None) | Q(asked_stripe_at__lt=now - OPEN_TOO_LONG),
        status=Refund.Status.PENDING,
        created_at__lt=now - OPEN_TOO_LONG,
    )
    oldest_first = pending.order_by(F("asked_stripe_at").asc(nulls_first=True), "id")
    return list(oldest_first.select_related("topup")[:ROWS_PER_RUN])


def _finish_topup(topup: TopUp) -> None:
    if topup.stripe_session_id:
        topups.ask_about_topup(topup)
        return
    try:
        # If Stripe has made a session, its answer is that session as it was then.
        session = topups.open_page(topup)
    except gateway.RefusedError:
        topups.give_up(topup)
        return
    topups.record_session(gateway.retrieve_session(session.id))


def _finish_refund(refund: Refund) -> None:
    """Look for the refund first: Stripe forgets our key after a day, and would refund again."""
    _record_refunds(refund.topup)
    if Refund.objects.filter(pk=refund.pk, stripe_refund_id=None).exists():
        refunds.send_refund(refund)
    else:
        Refund.objects.filter(pk=refund.pk).update(asked_stripe_at=timezone.now())


def _find_refunds(topup: TopUp) -> None:
    _record_refunds(topup)
    TopUp.objects.filter(pk=topup.pk).update(stripe_refunded_micros=F("refunded_micros"))


def _record_refunds(topup: TopUp) -> None:
    for answer in gateway.list_refunds(topup.stripe_payment_intent_id or ""):
        refunds.record_refund(answer)


def record_missed_refunds() -> int:
    """Record refunds that no webhook reported, and later failures. Return how many."""
    recorded = 0
    with _trying("refunds"):
        for answer in gateway.list_refunds_since(timezone.now() - LONGEST_OUTAGE):
            with _trying(answer.id):
                if refunds.is_news(answer):
                    recorded += refunds.record_refund(answer) is not None
    return recorded


def record_missed_disputes() -> int:
    """Record disputes, warnings and decisions that no webhook reported. Return how many."""
    young = Dispute.objects.filter(created_at__gt=timezone.now() - BANKS_DECIDE_WITHIN)
    undecided = young.filter(closed_at=None, kind=Dispute.Kind.DISPUTE)
    oldest_at = undecided.aggregate(at=Min("created_at"))["at"] or timezone.now()
    since = oldest_at - LONGEST_OUTAGE
    # A key without the right to read warnings, which Radar guards apart, still reads disputes.
    lists = (
        ("disputes", gateway.list_disputes, disputes.read_dispute),
        ("warnings", gateway.list_warnings, disputes.read_warning),
    )
    recorded = 0
    for name, list_since, read in lists:
        with _trying(name):
            for answer in list_since(since):
                with _trying(str(answer.get("id"))):
                    recorded += disputes.record_new_claim(read(answer))
    return recorded


def _each(rows: list[Row], finish: Callable[[Row], None]) -> int:
    """Finish one row after another until Stripe is silent several times in a row.

    Return how many were looked at; the rest waits for the next run.
    """
    silences = 0
    for looked_at, row in enumerate(rows, start=1):
        before, silences = silences, 0
        with _trying(row.public_id):
            try:
                finish(row)
            except gateway.UnknownOutcomeError:
                silences = before + 1
                raise
        if silences == MOST_SILENCES_IN_A_ROW:
            return looked_at
    return len(rows)


@contextmanager
def _trying(name: str) -> Iterator[None]:
    """Log a failure of one row, which waits for the next run, so that the others go on."""
    try:
        yield
    except ContradictionError as problem:
        topups.record_problem(problem)
    except ProductError:
        logger.warning("not reconciled", extra={"row": name})
    except (ValueError, DatabaseError):
        logger.exception("not reconciled", extra={"row": name})
