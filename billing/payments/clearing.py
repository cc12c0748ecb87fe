"""The ledger's side of Stripe's books: what its transfers say of a payment, a refund, a dispute.

Amounts are read from the transfers, by the keys that name their causes. The rows of top-ups,
refunds and disputes only say which of them belongs to which id of Stripe's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from billing.models import Book, Dispute, Hold, Refund, TopUp, Transfer
from billing.payments.disputes import due_micros
from mobayilo.lib.money import MICROS_PER_CENT

PAYMENTS = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
FAILED_REFUNDS = ("refund_failure", "payment_failure_refund")
DISPUTES = ("adjustment",)


@dataclass(frozen=True, slots=True)
class Expected:
    """A line that Stripe's books should have, because the ledger moved money for it."""

    what: str
    kinds: tuple[str, ...]
    # Of the payment intent for a payment, otherwise of the refund or dispute.
    stripe_id: str


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
