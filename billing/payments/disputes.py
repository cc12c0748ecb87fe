"""Disputes and early fraud warnings: the account is frozen, and the top-up's money taken back.

The money goes to the book `disputes`; the wallet may owe afterwards. A dispute that is won gives it
back and thaws the account. A warning ends with the dispute that follows it, or when support
withdraws it. The state of a dispute only rises, so that its events may arrive in any order.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.mail import mail_freeze
from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Dispute, TopUp, Transfer
from billing.payments.gateway import instant_of, integer_of, reference_of, text_of
from billing.payments.topups import ContradictionError
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT

logger = logging.getLogger(__name__)
State = Dispute.State
FROZEN_FOR = "Disputed payment"
# Inquiries (warning_*) take no money; `prevented` never became a dispute. An appeal follows a loss.
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
    """A dispute or an early fraud warning as Stripe reports it."""

    stripe_id: str
    kind: Dispute.Kind
    payment_intent_id: str
    amount_micros: int | None  # None: the whole top-up
    currency: str
    state: Dispute.State
    stripe_status: str
    reason: str
    answer_by: datetime | None = None  # None: the bank takes no answer


def read_dispute(data: Mapping[str, Any]) -> Claim:
    """Read a dispute from Stripe's JSON. Raise ValueError if a field that we need is wrong."""
    status = text_of(data, "status")
    if status not in STATES:
        raise ValueError(f"unknown status {status}")
    evidence = data.get("evidence_details")
    evidence = evidence if isinstance(evidence, Mapping) else {}
    return Claim(
        stripe_id=text_of(data, "id"),
        kind=Dispute.Kind.DISPUTE,
        payment_intent_id=reference_of(data, "payment_intent"),
        amount_micros=integer_of(data, "amount") * MICROS_PER_CENT,
        currency=text_of(data, "currency"),
        state=STATES[status],
        stripe_status=status,
        reason=str(data.get("reason") or ""),
        answer_by=instant_of(evidence, "due_by") if evidence.get("due_by") else None,
    )


def read_warning(data: Mapping[str, Any]) -> Claim:
    """Read an early fraud warning from Stripe's JSON, which names no amount.

    Raise ValueError if a field that we need is wrong.
    """
    return Claim(
        stripe_id=text_of(data, "id"),
        kind=Dispute.Kind.WARNING,
        payment_intent_id=reference_of(data, "payment_intent"),
        amount_micros=None,
        currency="usd",
        state=State.OPEN,
        stripe_status="",
        reason=str(data.get("fraud_type") or ""),
    )


@transaction.atomic
def record_claim(claim: Claim) -> TopUp | None:
    """Store or update a dispute as Stripe reports it, and return its top-up.

    Return None if the payment is of another product. Raise ContradictionError for a dispute in
    another currency than US dollars.
    """
    paid_topups = TopUp.objects.select_for_update().filter(status=TopUp.Status.PAID)
    topup = paid_topups.filter(stripe_payment_intent_id=claim.payment_intent_id or None).first()
    if topup is None:
        return None
    if claim.currency != "usd":
        raise ContradictionError(topup, "Stripe names another currency of a dispute.")
    amount_micros = topup.amount_micros if claim.amount_micros is None else claim.amount_micros
    dispute, _ = Dispute.objects.get_or_create(
        stripe_id=claim.stripe_id,
        defaults={"kind": claim.kind, "topup": topup, "amount_micros": amount_micros},
    )
    state_before = dispute.state
    if claim.state >= dispute.state:
        dispute.amount_micros = amount_micros
        dispute.state, dispute.stripe_status = claim.state, claim.stripe_status
        dispute.reason = claim.reason[:60]
        dispute.answer_by = claim.answer_by
        if claim.state >= State.LOST:
            dispute.closed_at = dispute.closed_at or timezone.now()
        dispute.save()
    # Freeze before the money is taken: a frozen account gets no mail about a low balance.
    _freeze_or_thaw(topup, state_before, dispute.state)
    balance_claims(topup)
    return topup


@transaction.atomic
def withdraw_warning(
    dispute: Dispute, *, staff: User, reason: str, request: HttpRequest | None = None
) -> bool:
    """Give back the money that a fraud warning took, and thaw the account.

    Return False if it was withdrawn before. Raise `invalid_request` for a dispute, which only the
    bank decides.
    """
    if dispute.kind != Dispute.Kind.WARNING:
        raise ProductError("invalid_request", "A dispute is the bank's to decide.")
    topup = TopUp.objects.select_for_update().get(pk=dispute.topup_id)
    open_warning = Dispute.objects.filter(pk=dispute.pk, state__lt=State.WITHDRAWN)
    if not open_warning.update(state=State.WITHDRAWN, closed_at=timezone.now()):
        return False
    audit.record(
        "warning.withdrawn",
        account=topup.account,
        user=staff,
        request=request,
        topup=topup.public_id,
        warning=dispute.stripe_id,
        reason=reason,
    )
    balance_claims(topup)
    _freeze_or_thaw(topup, dispute.state, State.WITHDRAWN)
    return True


def record_new_claim(claim: Claim) -> bool:
    """Record a claim if it is not recorded yet, and return whether it was recorded now."""
    recorded_before = Dispute.objects.filter(stripe_id=claim.stripe_id)
    if recorded_before.filter(
        Q(stripe_status=claim.stripe_status) | Q(state__gt=claim.state)
    ).exists():
        return False
    return record_claim(claim) is not None


def balance_claims(topup: TopUp, *, also_refunded_micros: int = 0) -> None:
    """Take money from the wallet, or give it back, until it matches the claims and refunds.

    Claims take at most the part that was not refunded, so that no money goes back twice, in either
    order of a refund and a dispute. The caller has locked the top-up.
    """
    topup.refunded_micros += also_refunded_micros
    disputed_micros = due_micros(topup)
    given_back_micros = topup.disputed_micros - disputed_micros
    topup.disputed_micros = disputed_micros
    topup.save(update_fields=["refunded_micros", "disputed_micros"])
    if not given_back_micros:
        return
    is_taken = given_back_micros < 0
    number = Transfer.objects.filter(key__startswith=f"dispute:{topup.public_id}:").count() + 1
    cause = Cause(
        f"dispute:{topup.public_id}:{number}",
        Book.DISPUTES,
        Transfer.Kind.DISPUTE if is_taken else Transfer.Kind.DISPUTE_RETURNED,
        "Disputed payment" if is_taken else "Disputed payment returned",
        topup.public_id,
    )
    ledger.post(
        account=topup.account, amount_micros=given_back_micros, cause=cause, may_owe=is_taken
    )


def due_micros(topup: TopUp) -> int:
    """Return how much a wallet pays for the claims about a top-up, less its refunds."""
    return min(claimed_micros(topup), topup.amount_micros - topup.refunded_micros)


def claimed_micros(topup: TopUp, *, by_banks_only: bool = False) -> int:
    """Return the sum that disputes of a top-up claim. A bank's decision ends a warning."""
    claims = list(topup.disputes.all())
    by_banks = [claim for claim in claims if claim.kind == Dispute.Kind.DISPUTE]
    is_decided = any(claim.state >= State.LOST for claim in by_banks)
    is_warned = any(
        claim.kind == Dispute.Kind.WARNING and claim.state == State.OPEN for claim in claims
    )
    if is_warned and not is_decided and not by_banks_only:
        return topup.amount_micros
    live = [claim for claim in by_banks if State.OPEN <= claim.state < State.WON]
    return min(sum(claim.amount_micros for claim in live), topup.amount_micros)


def _freeze_or_thaw(topup: TopUp, before: int, after: int) -> None:
    """Freeze or thaw as a dispute rises from state `before` to `after`.

    Each dispute does so once, so that an account that support has thawed stays thawed.
    """
    if before < State.OPEN <= after and claimed_micros(topup):
        _freeze(topup)
    elif before < State.WON <= after and not claimed_micros(topup):
        is_won = after == State.WON
        decision = (
            "closed the dispute, and the payment stands" if is_won else "withdrew its warning"
        )
        _thaw(topup, f"The bank {decision}.")


def _freeze(topup: TopUp) -> None:
    """Add the payment to those that freeze the account, unless support froze it."""
    account = Account.objects.select_for_update().get(pk=topup.account_id)
    names = _freezing_payments(account)
    if (account.is_frozen and not names) or topup.public_id in names:
        return
    reason = _reason([*names, topup.public_id])
    if account.is_frozen:
        Account.objects.filter(pk=account.pk).update(frozen_reason=reason)
        return
    Account.objects.filter(pk=account.pk).update(frozen_at=timezone.now(), frozen_reason=reason)
    event = audit.record("account.frozen", account=account, reason=reason)
    mail_freeze(account, event=event, reason=reason)
    logger.warning("account frozen", extra={"account": account.public_id, "reason": reason})


def _thaw(topup: TopUp, why: str) -> None:
    """Thaw the account, unless support or another payment froze it too."""
    account = Account.objects.select_for_update().get(pk=topup.account_id)
    names = _freezing_payments(account)
    if topup.public_id not in names:
        return
    if other_names := [name for name in names if name != topup.public_id]:
        Account.objects.filter(pk=account.pk).update(frozen_reason=_reason(other_names))
        return
    Account.objects.filter(pk=account.pk).update(frozen_at=None, frozen_reason="")
    event = audit.record("account.thawed", account=account, reason=why)
    mail_freeze(account, event=event, reason=why)


def _freezing_payments(account: Account) -> list[str]:
    """Return the disputed payments that freeze an account; none if support froze it."""
    frozen_for, _, names = account.frozen_reason.partition(FROZEN_FOR)
    return [] if frozen_for else names.split()


def _reason(names: list[str]) -> str:
    """Return the reason with as many payments as fit; support thaws an account with more."""
    longest = Account._meta.get_field("frozen_reason").max_length
    return " ".join([FROZEN_FOR, *names])[:longest]
