"""Compares a day of the ledger with Stripe's own books, line by line and in total."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet

from billing import gateway
from billing.models import AuditReport, Dispute, Refund, TopUp
from billing.stripe_answers import BalanceTransaction
from mobayilo.lib.money import MICROS_PER_CENT

# What Stripe books at 23:59:59 we may hear of on the next day, and the other way round.
SLACK = timedelta(days=1)
PAYMENTS = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
FAILED_REFUNDS = ("refund_failure", "payment_failure_refund")
DISPUTES = ("adjustment",)
COMPARED = (*PAYMENTS, *REFUNDS, *FAILED_REFUNDS, *DISPUTES)


@dataclass
class Sums:
    """Cents of one kind, on either side."""

    number: int = 0
    stripe_cents: int = 0
    ledger_cents: int = 0


@dataclass
class Comparison:
    """What was found of one day."""

    sums: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    differences: list[str] = field(default_factory=list)
    not_compared: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, line: BalanceTransaction, ledger_cents: int | None) -> None:
        """One line of Stripe's, and what the ledger has for it."""
        sums = self.sums[line.kind]
        sums.number += 1
        sums.stripe_cents += line.amount_cents
        sums.ledger_cents += ledger_cents or 0
        if line.currency != "usd":
            self.differences.append(f"{line.id}: Stripe booked it in {line.currency}")
        elif ledger_cents is None:
            self.differences.append(f"{line.id}: {line.kind} {line.source_id} is not in the ledger")
        elif ledger_cents != line.amount_cents:
            self.differences.append(
                f"{line.id}: {line.kind} {line.source_id} is {_dollars(line.amount_cents)} at "
                f"Stripe, {_dollars(ledger_cents)} in the ledger"
            )


def reconcile_stripe(day: date) -> AuditReport:
    """Compares a day in UTC with Stripe, and keeps the report for support."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    lines = gateway.list_balance_transactions(start - SLACK, end + SLACK)
    found = Comparison()
    for line in lines:
        if start <= line.created_at < end:
            _compare(found, line)
    found.differences += missing_at_stripe(lines, start, end)
    return AuditReport.objects.create(
        subject=AuditReport.Subject.STRIPE,
        day=day,
        difference_count=len(found.differences),
        text="\n".join(report_lines(day, found)),
    )


def _compare(found: Comparison, line: BalanceTransaction) -> None:
    if line.kind in PAYMENTS:
        found.add(line, _paid_cents(line.payment_intent_id))
    elif line.kind in REFUNDS:
        cents = _refunded_cents(line.source_id)
        found.add(line, None if cents is None else -cents)
    elif line.kind in FAILED_REFUNDS:
        found.add(line, _refunded_cents(line.source_id, failed=True))
    elif line.kind in DISPUTES and Dispute.objects.filter(stripe_id=line.source_id).exists():
        found.add(line, _disputed_cents(line))
    else:
        # Payouts, fees, and adjustments that concern no payment of a customer.
        found.not_compared[line.kind] += 1


def _paid_cents(payment_intent_id: str) -> int | None:
    paid = TopUp.objects.filter(status=TopUp.Status.PAID)
    topup = paid.filter(stripe_payment_intent_id=payment_intent_id or None).first()
    return topup.amount_cents if topup else None


def _refunded_cents(stripe_refund_id: str, *, failed: bool = False) -> int | None:
    refunds = Refund.objects.filter(stripe_refund_id=stripe_refund_id or None)
    if failed:
        refunds = refunds.filter(status=Refund.Status.FAILED)
    refund = refunds.first()
    return refund.amount_micros // MICROS_PER_CENT if refund else None


def _disputed_cents(line: BalanceTransaction) -> int | None:
    """Taken when it was opened, given back when it was won."""
    dispute = Dispute.objects.get(stripe_id=line.source_id)
    cents = dispute.amount_micros // MICROS_PER_CENT
    if line.amount_cents < 0:
        return -cents if dispute.state >= Dispute.State.OPEN else None
    return cents if dispute.state == Dispute.State.WON else None


def missing_at_stripe(
    lines: Iterable[BalanceTransaction], start: datetime, end: datetime
) -> Iterator[str]:
    """What the ledger says happened that day and Stripe's books do not have."""
    payments = {one.payment_intent_id for one in lines if one.kind in PAYMENTS}
    sources = {one.source_id for one in lines}
    paid = TopUp.objects.filter(paid_at__gte=start, paid_at__lt=end)
    for topup in paid.iterator():
        if topup.stripe_payment_intent_id not in payments:
            yield f"{topup}: paid in the ledger, not in Stripe's books"
    for refund in _closed(Refund.objects.filter(status="succeeded"), start, end).iterator():
        if refund.stripe_refund_id not in sources:
            yield f"{refund}: refunded in the ledger, not in Stripe's books"


def _closed(refunds: QuerySet[Refund], start: datetime, end: datetime) -> QuerySet[Refund]:
    # By its beginning too: Stripe books a refund when it is made, however late it arrives.
    return refunds.filter(closed_at__gte=start, closed_at__lt=end, created_at__gte=start)


def report_lines(day: date, found: Comparison) -> Iterator[str]:
    """The report as text: a table of sums, what was left out, and every difference."""
    yield f"{day} (UTC){'number':>20}{'Stripe':>16}{'ledger':>16}{'difference':>16}"
    for kind, sums in sorted(found.sums.items()):
        difference = sums.stripe_cents - sums.ledger_cents
        cells = (sums.stripe_cents, sums.ledger_cents, difference)
        yield f"{kind:<20}{sums.number:>16}" + "".join(f"{_dollars(cell):>16}" for cell in cells)
    for kind, number in sorted(found.not_compared.items()):
        yield f"{kind:<20}{number:>16}   not of customers"
    yield ""
    yield from found.differences or ["No difference."]


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
