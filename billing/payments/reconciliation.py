"""What a lost webhook, a time-out or a crash left open is finished here, by asking Stripe.

Safe to run at any time and in several processes: every step is one of the operations that webhooks
call too, and the filtered update in it decides.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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
# Stripe tells of a refund or a dispute at once; this long an outage of ours is made up for.
HEARD_OF_LATE = timedelta(days=3)
BANKS_DECIDE_WITHIN = timedelta(days=180)
AT_A_TIME = 500
# An outage is not waited for row by row: what else is periodic waits behind this.
SILENCES_IN_A_ROW = 3
Row = TypeVar("Row", TopUp, Refund)


def reconcile_topups() -> dict[str, int]:
    """Brings everything about top-ups up to date. How many of each were looked at."""
    return {
        "events": events.apply_overdue(),
        "top-ups": _each(open_topups(), _finish_topup),
        "refunds": _each(open_refunds(), _finish_refund),
        "refunds made elsewhere": _each(refunded_elsewhere(), _find_refunds),
        "refunds unheard of": learn_refunds(),
        "disputes unheard of": learn_disputes(),
    }


def open_topups() -> list[TopUp]:
    """Pending top-ups old enough to be asked about, those not asked about for longest first.

    One without a session timed out while its page was being made. Nobody has its address, so it is
    left alone until the page would have expired.
    """
    now = timezone.now()
    with_page = Q(stripe_session_id__isnull=False, created_at__lt=now - OPEN_TOO_LONG)
    without = Q(stripe_session_id=None, expires_at__lt=now)
    pending = TopUp.objects.filter(with_page | without, status=TopUp.Status.PENDING)
    oldest_first = pending.order_by(F("asked_stripe_at").asc(nulls_first=True), "id")
    return list(oldest_first.select_related("account", "user")[:AT_A_TIME])


def open_refunds() -> list[Refund]:
    now = timezone.now()
    pending = Refund.objects.filter(
        Q(asked_stripe_at=None) | Q(asked_stripe_at__lt=now - OPEN_TOO_LONG),
        status=Refund.Status.PENDING,
        created_at__lt=now - OPEN_TOO_LONG,
    )
    oldest_first = pending.order_by(F("asked_stripe_at").asc(nulls_first=True), "id")
    return list(oldest_first.select_related("topup")[:AT_A_TIME])


def refunded_elsewhere() -> list[TopUp]:
    return list(TopUp.objects.filter(stripe_refunded_micros__gt=F("refunded_micros"))[:AT_A_TIME])


def _finish_topup(topup: TopUp) -> None:
    if topup.stripe_session_id:
        topups.ask_about_topup(topup)
        return
    try:
        # Stripe answers with the session that it made then, if it made one, as it was then.
        made = topups.open_page(topup)
    except gateway.RefusedError:
        topups.give_up(topup)
        return
    topups.record_session(gateway.retrieve_session(made.id))


def _finish_refund(refund: Refund) -> None:
    """Looks for it first: Stripe forgets our key after a day, and would refund a second time."""
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


def learn_refunds() -> int:
    """Applies refunds that we did not hear of, also those that have failed since."""
    learned = 0
    with _trying("refunds"):
        for said in gateway.list_refunds_since(timezone.now() - HEARD_OF_LATE):
            with _trying(said.id):
                if refunds.is_news(said):
                    learned += refunds.record_refund(said) is not None
    return learned


def learn_disputes() -> int:
    """Applies disputes and warnings that we did not hear of, and what banks decided since."""
    since = _undecided_since() - HEARD_OF_LATE
    learned = 0
    with _trying("disputes"):
        for said, read in (
            *((one, disputes.read_dispute) for one in gateway.list_disputes(since)),
            *((one, disputes.read_warning) for one in gateway.list_warnings(since)),
        ):
            with _trying(str(said.get("id"))):
                learned += disputes.learn_claim(read(said))
    return learned


def _undecided_since() -> datetime:
    """Since when the oldest dispute is open that a bank has still to decide."""
    young = Dispute.objects.filter(created_at__gt=timezone.now() - BANKS_DECIDE_WITHIN)
    oldest = young.filter(closed_at=None, kind=Dispute.Kind.DISPUTE).aggregate(at=Min("created_at"))
    return oldest["at"] or timezone.now()


def _each(rows: list[Row], finish: Callable[[Row], None]) -> int:
    """One after the other, until Stripe is silent several times in a row; the rest waits."""
    silences = 0
    for looked_at, row in enumerate(rows, start=1):
        before, silences = silences, 0
        with _trying(row.public_id):
            try:
                finish(row)
            except gateway.UnknownOutcomeError:
                silences = before + 1
                raise
        if silences == SILENCES_IN_A_ROW:
            return looked_at
    return len(rows)


@contextmanager
def _trying(name: str) -> Iterator[None]:
    """What cannot be finished now waits for the next run, and holds nothing else up."""
    try:
        yield
    except ContradictionError as problem:
        topups.note_problem(problem)
    except ProductError:
        logger.warning("not reconciled", extra={"row": name})
    except (ValueError, DatabaseError):
        logger.exception("not reconciled", extra={"row": name})
