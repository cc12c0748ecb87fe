"""The comparison of a day of the ledger with Stripe's own books, line by line and in total.

Amounts of the ledger are read from its transfers, by the keys that name their causes. The rows of
top-ups, refunds and disputes only map ids of Stripe to these keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.models import AuditReport, Book, Dispute, Hold, Refund, TopUp, Transfer
from billing.payments import gateway
from billing.payments.disputes import due_micros
from billing.payments.gateway import BalanceTransaction
from mobayilo.lib.money import MICROS_PER_CENT, format_micros

# A movement that Stripe books at 23:59:59 may reach us on the next day, or the reverse.
SLACK = timedelta(days=1)
PAYMENTS = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
FAILED_REFUNDS = ("refund_failure", "payment_failure_refund")
DISPUTES = ("adjustment",)
MOVED = {"number": Count("id"), "micros": Coalesce(Sum("amount_micros"), 0)}


@dataclass(frozen=True, slots=True)
class Expected:
    """A line that Stripe's books should have, because the ledger moved money for it."""

    cause: str
    kinds: tuple[str, ...]
    # The id of the payment intent for a payment, otherwise of the refund or dispute.
    stripe_id: str


@dataclass
class Sums:
    """The sums of the lines of one kind, at Stripe and in the ledger."""

    number: int = 0
    stripe_cents: int = 0
    ledger_cents: int = 0


@dataclass
class Comparison:
    """The result of comparing one day. `moved` is the sum of the clearing account on that day."""

    moved: dict[str, int]
    sums: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    differences: list[str] = field(default_factory=list)
    not_compared: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, line: BalanceTransaction, ledger_cents: int | None) -> None:
        """Add a line of Stripe and the amount that the ledger has for it."""
        sums = self.sums[line.kind]
        sums.number += 1
        sums.stripe_cents += line.amount_cents
        sums.ledger_cents += ledger_cents or 0
        if line.currency != "usd":
            self.differences.append(f"{line.id}: Stripe charged it in {line.currency}")
        elif ledger_cents is None:
            self.differences.append(f"{line.id}: {line.kind} {line.source_id} is not in the ledger")
        elif ledger_cents != line.amount_cents:
            self.differences.append(
                f"{line.id}: {line.kind} {line.source_id} is {_dollars(line.amount_cents)} at "
                f"Stripe, {_dollars(ledger_cents)} in the ledger"
            )


def reconcile_stripe(day: date) -> AuditReport:
    """Compare a day in UTC with Stripe, and store the report for support."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    lines = gateway.list_balance_transactions(start - SLACK, end + SLACK)
    comparison = Comparison(moved=moved_between(start, end).aggregate(**MOVED))
    for line in lines:
        if start <= line.created_at < end:
            _compare(comparison, line)
    comparison.differences += missing_at_stripe(lines, expected_between(start, end))
    return AuditReport.objects.create(
        subject=AuditReport.Subject.STRIPE,
        day=day,
        difference_count=len(comparison.differences),
        text="\n".join(report_lines(day, comparison)),
    )


def _compare(comparison: Comparison, line: BalanceTransaction) -> None:
    if line.kind in PAYMENTS:
        comparison.add(line, paid_cents(line.payment_intent_id))
    elif line.kind in REFUNDS:
        comparison.add(line, refunded_cents(line.source_id))
        # A refund that failed for us and not for Stripe was paid twice.
        returned = Expected("", FAILED_REFUNDS, line.source_id)
        if returned_cents(line.source_id) is not None and not _is_booked(returned):
            comparison.differences.append(
                f"{line.id}: {line.source_id} came back in the ledger only"
            )
    elif line.kind in FAILED_REFUNDS:
        comparison.add(line, returned_cents(line.source_id))
    elif line.kind in DISPUTES and line.source_kind == "dispute":
        is_taken = line.amount_cents < 0
        comparison.add(line, disputed_cents(line.source_id, is_taken=is_taken))
    else:
        # Payouts, fees, and adjustments that concern no payment of a customer.
        comparison.not_compared[line.kind] += 1


def missing_at_stripe(
    lines: Iterable[BalanceTransaction], expected: Iterable[Expected]
) -> Iterator[str]:
    """Yield a difference for each movement of the ledger that Stripe's books do not have.

    A movement that reached us late is on an earlier day of Stripe's, so it is looked up by itself.
    """
    booked = {
        (line.kind, line.payment_intent_id if line.kind in PAYMENTS else line.source_id)
        for line in lines
    }
    for line in expected:
        is_on_this_day = any((kind, line.stripe_id) in booked for kind in line.kinds)
        if not is_on_this_day and not _is_booked(line):
            yield f"{line.cause}: in the ledger, not in Stripe's books"


def _is_booked(expected: Expected) -> bool:
    """Return whether Stripe has such a line on any day."""
    if not expected.stripe_id:
        return False
    try:
        is_payment = expected.kinds == PAYMENTS
        sources = gateway.find_charges(expected.stripe_id) if is_payment else [expected.stripe_id]
        lines = [line for id in sources for line in gateway.find_balance_transactions(id)]
    except gateway.RefusedError:
        return False  # Stripe knows no such id
    return any(line.kind in expected.kinds for line in lines)


def report_lines(day: date, comparison: Comparison) -> Iterator[str]:
    """Yield the report as text: a table of sums, the lines left out, and every difference."""
    yield f"{day} (UTC){'number':>20}{'Stripe':>16}{'ledger':>16}{'difference':>16}"
    for kind, sums in sorted(comparison.sums.items()):
        difference = sums.stripe_cents - sums.ledger_cents
        cells = (sums.stripe_cents, sums.ledger_cents, difference)
        yield f"{kind:<20}{sums.number:>16}" + "".join(f"{_dollars(cell):>16}" for cell in cells)
    for kind, number in sorted(comparison.not_compared.items()):
        yield f"{kind:<20}{number:>16}   not of customers"
    moved = _dollars(comparison.moved["micros"] // MICROS_PER_CENT)
    yield f"{'clearing account':<20}{comparison.moved['number']:>16}{'':>16}{moved:>16}"
    yield ""
    yield from comparison.differences or ["No difference."]


def _dollars(cents: int) -> str:
    return format_micros(cents * MICROS_PER_CENT)


def paid_cents(payment_intent_id: str) -> int | None:
    """Return the amount that was credited for a payment, or None if nothing was credited."""
    topup = TopUp.objects.filter(stripe_payment_intent_id=payment_intent_id or None).first()
    return _moved_cents(f"topup:{topup}") if topup else None


def refunded_cents(stripe_refund_id: str) -> int | None:
    """Return the amount that a refund took from the wallet, as a negative number, or None.

    A held amount counts too, since Stripe books a refund at once.
    """
    refund = Refund.objects.filter(stripe_refund_id=stripe_refund_id or None).first()
    if refund is None:
        return None
    moved_cents = _moved_cents(f"refund:{refund}:settle", f"refund:{refund}:outside")
    return _held_cents(refund, -1) if moved_cents is None else moved_cents


def returned_cents(stripe_refund_id: str) -> int | None:
    """Return the amount that a failed refund gave back, to the wallet or from its hold, or None."""
    failed = Refund.objects.filter(status=Refund.Status.FAILED)
    refund = failed.filter(stripe_refund_id=stripe_refund_id or None).first()
    if refund is None:
        return None
    moved_cents = _moved_cents(f"refund:{refund}:returned")
    return _held_cents(refund, 1) if moved_cents is None else moved_cents


def disputed_cents(stripe_id: str, *, is_taken: bool) -> int | None:
    """Return the amount that a dispute took when it was opened, or gave back when it was won.

    A wallet pays for all claims about a payment together. Return None unless the dispute is in the
    state of the movement, and the transfers of its payment are the sum that all claims take.
    """
    dispute = Dispute.objects.select_related("topup").filter(stripe_id=stripe_id).first()
    if dispute is None:
        return None
    of_payment = Transfer.objects.filter(reference=dispute.topup.public_id, book=Book.DISPUTES)
    taken_micros = -(of_payment.aggregate(sum=Sum("amount_micros"))["sum"] or 0)
    is_won = dispute.state == Dispute.State.WON
    is_in_state = dispute.state >= Dispute.State.OPEN if is_taken else is_won
    if not is_in_state or taken_micros != due_micros(dispute.topup):
        return None
    cents = dispute.amount_micros // MICROS_PER_CENT
    return -cents if is_taken else cents


def _moved_cents(*keys: str) -> int | None:
    """Return the amount of the clearing account's transfer with one of these keys, or None."""
    clearing = Transfer.objects.filter(book=Book.STRIPE_CLEARING, key__in=keys)
    moved_micros = clearing.values_list("amount_micros", flat=True).first()
    return None if moved_micros is None else moved_micros // MICROS_PER_CENT


def _held_cents(refund: Refund, sign: int) -> int | None:
    """Return the amount of a refund's hold, multiplied by a sign of 1 or -1, or None."""
    holds = Hold.objects.filter(key=f"refund:{refund}")
    micros = holds.values_list("amount_micros", flat=True).first()
    return None if micros is None else sign * micros // MICROS_PER_CENT


def moved_between(start: datetime, end: datetime) -> QuerySet[Transfer]:
    """Return the transfers of the clearing account from `start` until before `end`."""
    clearing = Transfer.objects.filter(book=Book.STRIPE_CLEARING)
    return clearing.filter(created_at__gte=start, created_at__lt=end).order_by("id")


def expected_between(start: datetime, end: datetime) -> Iterator[Expected]:
    """Yield the lines that Stripe should have for the transfers and disputes of a time."""
    for transfer in moved_between(start, end).iterator():
        subject, public_id = transfer.key.split(":")[:2]
        if subject == "topup":
            topup = TopUp.objects.filter(public_id=public_id).first()
            stripe_id = topup.stripe_payment_intent_id if topup else None
            yield Expected(transfer.key, PAYMENTS, stripe_id or "")
        else:
            refund = Refund.objects.filter(public_id=public_id).first()
            stripe_id = refund.stripe_refund_id if refund else None
            came_back = transfer.kind == Transfer.Kind.REFUND_RETURNED
            yield Expected(transfer.key, FAILED_REFUNDS if came_back else REFUNDS, stripe_id or "")
    disputes = Dispute.objects.filter(kind=Dispute.Kind.DISPUTE, state__gte=Dispute.State.OPEN)
    for dispute in disputes.filter(created_at__gte=start, created_at__lt=end).iterator():
        yield Expected(f"dispute {dispute}", DISPUTES, dispute.stripe_id)
