"""Compares a day of the ledger with Stripe's own books, line by line and in total."""

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

# What Stripe books at 23:59:59 we may hear of on the next day, and the other way round.
SLACK = timedelta(days=1)
PAYMENTS = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
FAILED_REFUNDS = ("refund_failure", "payment_failure_refund")
DISPUTES = ("adjustment",)
MOVED = {"number": Count("id"), "micros": Coalesce(Sum("amount_micros"), 0)}


@dataclass(frozen=True, slots=True)
class Expected:
    """A line that Stripe's books should have, because the ledger moved money for it."""

    what: str
    kinds: tuple[str, ...]
    # Of the payment intent for a payment, otherwise of the refund or dispute.
    stripe_id: str


@dataclass
class Sums:
    """Cents of one kind, on either side."""

    number: int = 0
    stripe_cents: int = 0
    ledger_cents: int = 0


@dataclass
class Comparison:
    """What was found of one day. `moved` is what the clearing account itself moved on it."""

    moved: dict[str, int]
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
    found = Comparison(moved=moved_between(start, end).aggregate(**MOVED))
    for line in lines:
        if start <= line.created_at < end:
            _compare(found, line)
    found.differences += missing_at_stripe(lines, expected_between(start, end))
    return AuditReport.objects.create(
        subject=AuditReport.Subject.STRIPE,
        day=day,
        difference_count=len(found.differences),
        text="\n".join(report_lines(day, found)),
    )


def _compare(found: Comparison, line: BalanceTransaction) -> None:
    if line.kind in PAYMENTS:
        found.add(line, paid_cents(line.payment_intent_id))
    elif line.kind in REFUNDS:
        found.add(line, refunded_cents(line.source_id))
        if _came_back_only_here(line.source_id):
            found.differences.append(f"{line.id}: {line.source_id} came back in the ledger only")
    elif line.kind in FAILED_REFUNDS:
        found.add(line, returned_cents(line.source_id))
    elif line.kind in DISPUTES and line.source_kind == "dispute":
        is_taken = line.amount_cents < 0
        found.add(line, disputed_cents(line.source_id, is_taken=is_taken))
    else:
        # Payouts, fees, and adjustments that concern no payment of a customer.
        found.not_compared[line.kind] += 1


def _came_back_only_here(stripe_refund_id: str) -> bool:
    """A refund that failed for us and not for Stripe was paid twice."""
    if returned_cents(stripe_refund_id) is None:
        return False
    return not _is_booked(Expected("", FAILED_REFUNDS, stripe_refund_id))


def missing_at_stripe(
    lines: Iterable[BalanceTransaction], expected: Iterable[Expected]
) -> Iterator[str]:
    """What the ledger says happened and Stripe's books do not have.

    What we heard of late stands on an earlier day of theirs, so they are asked for it alone.
    """
    booked = {(line.kind, _named(line)) for line in lines}
    for one in expected:
        here = any((kind, one.stripe_id) in booked for kind in one.kinds)
        if not here and not _is_booked(one):
            yield f"{one.what}: in the ledger, not in Stripe's books"


def _named(line: BalanceTransaction) -> str:
    return line.payment_intent_id if line.kind in PAYMENTS else line.source_id


def _is_booked(one: Expected) -> bool:
    """Whether Stripe has such a line on any day."""
    if not one.stripe_id:
        return False
    try:
        is_payment = one.kinds == PAYMENTS
        sources = gateway.find_charges(one.stripe_id) if is_payment else [one.stripe_id]
        lines = [line for id in sources for line in gateway.find_balance_transactions(id)]
    except gateway.RefusedError:
        return False  # Stripe knows no such id
    return any(line.kind in one.kinds for line in lines)


def report_lines(day: date, found: Comparison) -> Iterator[str]:
    """The report as text: a table of sums, what was left out, and every difference."""
    yield f"{day} (UTC){'number':>20}{'Stripe':>16}{'ledger':>16}{'difference':>16}"
    for kind, sums in sorted(found.sums.items()):
        difference = sums.stripe_cents - sums.ledger_cents
        cells = (sums.stripe_cents, sums.ledger_cents, difference)
        yield f"{kind:<20}{sums.number:>16}" + "".join(f"{_dollars(cell):>16}" for cell in cells)
    for kind, number in sorted(found.not_compared.items()):
        yield f"{kind:<20}{number:>16}   not of customers"
    moved = _dollars(found.moved["micros"] // MICROS_PER_CENT)
    yield f"{'clearing account':<20}{found.moved['number']:>16}{'':>16}{moved:>16}"
    yield ""
    yield from found.differences or ["No difference."]


def _dollars(cents: int) -> str:
    return format_micros(cents * MICROS_PER_CENT)


def paid_cents(payment_intent_id: str) -> int | None:
    """What was credited for a payment; None if nothing was."""
    topup = TopUp.objects.filter(stripe_payment_intent_id=payment_intent_id or None).first()
    return _moved_cents(f"topup:{topup}") if topup else None


def refunded_cents(stripe_refund_id: str) -> int | None:
    """What left the wallet, below zero; held is gone too, since Stripe books a refund at once."""
    refund = Refund.objects.filter(stripe_refund_id=stripe_refund_id or None).first()
    if refund is None:
        return None
    moved_cents = _moved_cents(f"refund:{refund}:settle", f"refund:{refund}:outside")
    return _held_cents(refund, -1) if moved_cents is None else moved_cents


def returned_cents(stripe_refund_id: str) -> int | None:
    """What came back to the wallet of a refund that failed, or back from its hold."""
    failed = Refund.objects.filter(status=Refund.Status.FAILED)
    refund = failed.filter(stripe_refund_id=stripe_refund_id or None).first()
    if refund is None:
        return None
    moved_cents = _moved_cents(f"refund:{refund}:returned")
    return _held_cents(refund, 1) if moved_cents is None else moved_cents


def disputed_cents(stripe_id: str, *, is_taken: bool) -> int | None:
    """What a dispute took when it was opened, or gave back when it was won.

    Wallets pay for all claims about a payment together. So the ledger has it if the dispute stands
    so, and the transfers of its payment come to what all of them claim.
    """
    dispute = Dispute.objects.select_related("topup").filter(stripe_id=stripe_id).first()
    if dispute is None:
        return None
    of_payment = Transfer.objects.filter(reference=dispute.topup.public_id, book=Book.DISPUTES)
    taken_micros = -(of_payment.aggregate(sum=Sum("amount_micros"))["sum"] or 0)
    is_won = dispute.state == Dispute.State.WON
    stands = dispute.state >= Dispute.State.OPEN if is_taken else is_won
    if not stands or taken_micros != due_micros(dispute.topup):
        return None
    cents = dispute.amount_micros // MICROS_PER_CENT
    return -cents if is_taken else cents


def _moved_cents(*keys: str) -> int | None:
    clearing = Transfer.objects.filter(book=Book.STRIPE_CLEARING, key__in=keys)
    moved_micros = clearing.values_list("amount_micros", flat=True).first()
    return None if moved_micros is None else moved_micros // MICROS_PER_CENT


def _held_cents(refund: Refund, sign: int) -> int | None:
    held_micros = Hold.objects.filter(key=f"refund:{refund}").values_list(
        "amount_micros", flat=True
    )
    micros = held_micros.first()
    return None if micros is None else sign * micros // MICROS_PER_CENT


def moved_between(start: datetime, end: datetime) -> QuerySet[Transfer]:
    """What the clearing account moved from `start` until before `end`."""
    clearing = Transfer.objects.filter(book=Book.STRIPE_CLEARING)
    return clearing.filter(created_at__gte=start, created_at__lt=end).order_by("id")


def expected_between(start: datetime, end: datetime) -> Iterator[Expected]:
    """The lines of Stripe's that the ledger's movements of a time call for."""
    for transfer in moved_between(start, end).iterator():
        yield _expected_for(transfer)
    taken = Dispute.objects.filter(kind=Dispute.Kind.DISPUTE, state__gte=Dispute.State.OPEN)
    for dispute in taken.filter(created_at__gte=start, created_at__lt=end).iterator():
        yield Expected(f"dispute {dispute}", DISPUTES, dispute.stripe_id)


def _expected_for(transfer: Transfer) -> Expected:
    subject, public_id = transfer.key.split(":")[:2]
    if subject == "topup":
        topup = TopUp.objects.filter(public_id=public_id).first()
        stripe_id = topup.stripe_payment_intent_id if topup else None
        return Expected(transfer.key, PAYMENTS, stripe_id or "")
    refund = Refund.objects.filter(public_id=public_id).first()
    came_back = transfer.kind == Transfer.Kind.REFUND_RETURNED
    kinds = FAILED_REFUNDS if came_back else REFUNDS
    return Expected(transfer.key, kinds, (refund.stripe_refund_id if refund else None) or "")
