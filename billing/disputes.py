"""Disputes and early fraud warnings: the account is frozen, and the top-up's money taken back.

What is taken goes to the book `disputes` and may leave the wallet in debt. A dispute that is won
gives it back and thaws the account. The state of a dispute only ever rises, so that its events may
arrive in any order.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Account
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Dispute, TopUp, Transfer
from billing.stripe_answers import integer_of, reference_of, text_of
from mobayilo.lib.money import MICROS_PER_CENT

logger = logging.getLogger(__name__)
State = Dispute.State
FROZEN_FOR = "Disputed payment"
# Inquiries (warning_*) take no money; `prevented` never became one. An appeal follows a loss.
STATES = {
    "warning_needs_response": State.INQUIRY,
    "warning_under_review": State.INQUIRY,
    "warning_closed": State.INQUIRY,
    "prevented": State.INQUIRY,
    "needs_response": State.OPEN,
    "under_review": State.OPEN,
    "lost": State.LOST,
    "appeal_needs_response": State.LOST,
    "appeal_under_review": State.LOST,
    "won": State.WON,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What Stripe says of a dispute, or that it warns of one."""

    stripe_id: str
    kind: Dispute.Kind
    payment_intent_id: str
    amount_micros: int | None  # None: all that is left
    state: Dispute.State
    stripe_status: str
    reason: str


def read_dispute(data: Mapping[str, Any]) -> Claim:
    """A dispute from Stripe's JSON. Raises ValueError if a field that we need is wrong."""
    status = text_of(data, "status")
    if status not in STATES:
        raise ValueError(f"unknown status {status}")
    return Claim(
        stripe_id=text_of(data, "id"),
        kind=Dispute.Kind.DISPUTE,
        payment_intent_id=reference_of(data, "payment_intent"),
        amount_micros=integer_of(data, "amount") * MICROS_PER_CENT,
        state=STATES[status],
        stripe_status=status,
        reason=str(data.get("reason") or ""),
    )


def read_warning(data: Mapping[str, Any]) -> Claim:
    """An early fraud warning from Stripe's JSON. It names no amount."""
    return Claim(
        stripe_id=text_of(data, "id"),
        kind=Dispute.Kind.WARNING,
        payment_intent_id=reference_of(data, "payment_intent"),
        amount_micros=None,
        state=State.OPEN,
        stripe_status="",
        reason=str(data.get("fraud_type") or ""),
    )


@transaction.atomic
def record_claim(claim: Claim) -> TopUp | None:
    """Brings a dispute to what Stripe says of it; None if the payment is none of ours."""
    paid = TopUp.objects.select_for_update().filter(status=TopUp.Status.PAID)
    topup = paid.filter(stripe_payment_intent_id=claim.payment_intent_id or None).first()
    if topup is None:
        return None
    whole_micros = topup.amount_micros
    dispute, _ = Dispute.objects.get_or_create(
        stripe_id=claim.stripe_id,
        defaults={
            "kind": claim.kind,
            "topup": topup,
            "amount_micros": (whole_micros if claim.amount_micros is None else claim.amount_micros),
        },
    )
    risen_from = dispute.state
    if claim.state >= dispute.state:
        dispute.state, dispute.stripe_status = claim.state, claim.stripe_status
        dispute.reason = claim.reason[:60]
        if claim.state >= State.LOST:
            dispute.closed_at = dispute.closed_at or timezone.now()
        dispute.save()
    balance_claims(topup)
    _freeze_or_thaw(topup, risen_from, dispute.state)
    return topup


def balance_claims(topup: TopUp, *, also_refunded_micros: int = 0) -> None:
    """Takes from the wallet, or gives back, until what is taken fits the claims and refunds.

    The claims reach as far as what was not refunded, so that no money goes back twice, whichever
    of a refund and a dispute is heard of first. The caller has locked the top-up.
    """
    refunded_micros = topup.refunded_micros + also_refunded_micros
    disputed_micros = min(claimed_micros(topup), topup.amount_micros - refunded_micros)
    given_back_micros = topup.disputed_micros - disputed_micros
    topup.refunded_micros, topup.disputed_micros = refunded_micros, disputed_micros
    topup.save(update_fields=["refunded_micros", "disputed_micros"])
    if not given_back_micros:
        return
    taken = given_back_micros < 0
    number = Transfer.objects.filter(key__startswith=f"dispute:{topup.public_id}:").count() + 1
    cause = Cause(
        f"dispute:{topup.public_id}:{number}",
        Book.DISPUTES,
        Transfer.Kind.DISPUTE if taken else Transfer.Kind.DISPUTE_RETURNED,
        "Disputed payment" if taken else "Disputed payment returned",
        topup.public_id,
    )
    ledger.post(account=topup.account, amount_micros=given_back_micros, cause=cause, may_owe=taken)


def claimed_micros(topup: TopUp, *, by_banks_only: bool = False) -> int:
    """What the disputes of a top-up claim. A warning ends with the dispute that it warned of."""
    claims = list(topup.disputes.all())
    if any(claim.state == State.WON for claim in claims):
        claims = [claim for claim in claims if claim.kind == Dispute.Kind.DISPUTE]
    live = [claim for claim in claims if State.OPEN <= claim.state < State.WON]
    banks = sum(c.amount_micros for c in live if c.kind == Dispute.Kind.DISPUTE)
    warned = any(c.kind == Dispute.Kind.WARNING for c in live) and not by_banks_only
    return topup.amount_micros if warned else min(banks, topup.amount_micros)


def _freeze_or_thaw(topup: TopUp, before: int, after: int) -> None:
    """Once for each dispute: what support thaws meanwhile stays thawed."""
    reason = f"{FROZEN_FOR} {topup.public_id}"
    if before < State.OPEN <= after and claimed_micros(topup):
        _freeze(topup.account, reason)
    elif before < after == State.WON and not claimed_micros(topup):
        _thaw(topup.account, reason)


def _freeze(account: Account, reason: str) -> None:
    thawed = Account.objects.filter(pk=account.pk, frozen_at=None)
    if thawed.update(frozen_at=timezone.now(), frozen_reason=reason):
        audit.record("account.frozen", account=account, reason=reason)
        logger.warning("account frozen", extra={"account": account.public_id, "reason": reason})


def _thaw(account: Account, reason: str) -> None:
    """Only what this payment froze; what support froze stays frozen."""
    frozen = Account.objects.filter(pk=account.pk, frozen_reason=reason)
    if frozen.update(frozen_at=None, frozen_reason=""):
        audit.record("account.thawed", account=account, reason="The dispute was won.")
