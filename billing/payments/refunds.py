"""Refunds of top-ups: reserved in the ledger, sent by Stripe, settled when Stripe says so.

Locks are taken in one order, here and for disputes: the top-up, its refund or dispute, the hold,
the wallet.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, User
from billing import ledger
from billing.ledger import Balance, Cause
from billing.ledger.adjustments import unspent_promotions_micros
from billing.models import Book, Refund, TopUp, Transfer
from billing.payments import gateway
from billing.payments.disputes import balance_claims, claimed_micros
from billing.payments.gateway import StripeRefund
from billing.payments.topups import ContradictionError
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros, format_money

logger = logging.getLogger(__name__)
MONTH = timedelta(days=30)
# A bank may take weeks. Support looks at a refund that takes longer than this.
RESERVED_FOR = timedelta(days=365)
STRIPE_REFUND = (Book.STRIPE_CLEARING, Transfer.Kind.REFUND)
Status = Refund.Status
FAILED_STATUSES = ("failed", "canceled")


def refundable_micros(topup: TopUp) -> int:
    """Return the unused money that a customer may get back now, in whole cents.

    The policy limits the days after the payment. Unspent promotional credit is kept for calls.
    """
    return _refundable_of(topup, ledger.balance_of(topup.account))


def refunds_left(account: Account) -> int:
    """Return how many more refunds the customers of an account may make themselves now."""
    refunds = Refund.objects.filter(
        topup__account=account,
        user__account=account,
        created_at__gt=timezone.now() - MONTH,
    )
    return max(0, int(settings.REFUNDS_PER_MONTH) - refunds.exclude(status=Status.FAILED).count())


def _refundable_of(topup: TopUp, balance: Balance) -> int:
    if topup.status != TopUp.Status.PAID or topup.paid_at is None:
        return 0
    if topup.paid_at < timezone.now() - timedelta(days=settings.REFUND_DAYS):
        return 0
    available = balance.available_micros - unspent_promotions_micros(topup.account)
    return max(0, min(topup.returnable_micros, available - available % MICROS_PER_CENT))


def refundable_by_staff_micros(topup: TopUp) -> int:
    """Return the part not refunded, including the part that a fraud warning took back."""
    if topup.status != TopUp.Status.PAID:
        return 0
    claimed = claimed_micros(topup, by_banks_only=True)
    return max(0, topup.amount_micros - topup.refunded_micros - claimed)


def check_refundable(amount_micros: int, *, most_micros: int) -> None:
    """Raise `not_refundable` for a sum that is more than can be refunded, or no whole cents."""
    if not 0 < amount_micros <= most_micros or amount_micros % MICROS_PER_CENT:
        raise ProductError(
            "not_refundable",
            f"Of this top-up, {format_money(most_micros)} can be refunded.",
            details={"refundable_cents": most_micros // MICROS_PER_CENT},
        )


def start_refund(
    *,
    topup: TopUp,
    amount_micros: int,
    user: User,
    reason: str,
    by_staff: bool = False,
    key: str | None = None,
    request: HttpRequest | None = None,
) -> Refund:
    """Send money of a top-up back to the card. Repeated with key and amount, it is one refund.

    A customer may get at most `refundable_micros`. Staff may refund any part that has not been
    refunded, also of a frozen account, but not in their own account, where they are customers. When
    Stripe does not answer, the refund stays under way and `reconcile_topups` asks for it again.
    Raise `not_refundable`, `too_many_refunds`, `insufficient_funds`, or the gateway's RefusedError.
    """
    by_staff = by_staff and user.account_id != topup.account_id
    key = f"{topup}:{key}:{amount_micros // MICROS_PER_CENT}" if key else None
    refund = Refund(topup=topup, amount_micros=amount_micros, user=user, reason=reason, key=key)
    with transaction.atomic():
        # Of two requests at once the second waits here, and finds the refund of the first.
        locked = TopUp.objects.select_for_update().get(pk=topup.pk)
        if key and (earlier := locked.refunds.filter(key=key).first()):
            return earlier
        _reserve(refund, locked, by_staff=by_staff)
        audit.record(
            "topup.refunded",
            account=topup.account,
            user=user,
            request=request,
            topup=topup.public_id,
            refund=refund.public_id,
            amount=format_micros(amount_micros),
            reason=reason,
        )
    try:
        send_refund(refund)
    except gateway.UnknownOutcomeError:
        logger.warning("refund to be asked for again", extra={"refund": refund.public_id})
    refund.refresh_from_db()
    return refund


def _reserve(refund: Refund, topup: TopUp, *, by_staff: bool) -> None:
    """Save a refund with the hold on its money. The caller has locked the top-up.

    The wallet is locked before its balance is read: other top-ups of the account have other locks,
    and their refunds take from the same balance.
    """
    balance = ledger.lock_available(topup.account)
    if not by_staff and refunds_left(topup.account) == 0:
        limit = settings.REFUNDS_PER_MONTH
        message = (
            f"An account may make {limit} refunds in 30 days." if limit else "None is made here."
        )
        raise ProductError("too_many_refunds", message)
    most_micros = refundable_by_staff_micros(topup) if by_staff else _refundable_of(topup, balance)
    check_refundable(refund.amount_micros, most_micros=most_micros)
    balance_claims(topup, also_refunded_micros=refund.amount_micros)
    refund.save()
    ledger.place_hold(
        account=topup.account,
        amount_micros=refund.amount_micros,
        key=_key(refund),
        expires_at=timezone.now() + RESERVED_FOR,
        even_frozen=by_staff,
    )


def send_refund(refund: Refund) -> None:
    """Ask Stripe to make a refund that is under way. Repeated, Stripe answers with the same one.

    Raise UnknownOutcomeError, or RefusedError after its money was given back.
    """
    Refund.objects.filter(pk=refund.pk).update(asked_stripe_at=timezone.now())
    try:
        answer = gateway.create_refund(
            refund_id=refund.public_id,
            payment_intent_id=refund.topup.stripe_payment_intent_id or "",
            amount_cents=refund.amount_micros // MICROS_PER_CENT,
        )
    except gateway.RefusedError as error:
        with transaction.atomic():
            refund = _locked(refund)
            if refund.stripe_refund_id is None:
                _fail(refund, error.reason or error.message)
        raise
    record_refund(answer)


@transaction.atomic
def record_refund(answer: StripeRefund) -> Refund | None:
    """Update a refund from Stripe's answer, in any order. Return None if it is not of a top-up."""
    refund = _find(answer) or _adopt(answer)
    if refund is None:
        return None
    refund = _locked(refund)
    if is_new_to_us := refund.stripe_refund_id is None:
        refund.stripe_refund_id = answer.id
        refund.save(update_fields=["stripe_refund_id"])
    if (answer.amount_cents * MICROS_PER_CENT, answer.currency) != (refund.amount_micros, "usd"):
        raise ContradictionError(refund.topup, "Stripe names another amount of a refund.")
    if answer.status in FAILED_STATUSES:
        _fail(refund, answer.failure_reason or answer.status)
        return refund
    if is_new_to_us and refund.status == Status.FAILED:
        # We took it for refused and gave its money back, but Stripe has made it.
        refund.status, refund.closed_at, refund.problem = Status.PENDING, None, ""
        _debit(refund)
        logger.error("refund was made after all", extra={"refund": refund.public_id})
    if answer.status == "succeeded":
        _settle(refund)
    return refund


def is_news(answer: StripeRefund) -> bool:
    """Return whether Stripe's answer has anything that is not recorded yet."""
    refund = _find(answer)
    if refund is None or refund.stripe_refund_id is None:
        return True
    if answer.status in FAILED_STATUSES:
        return refund.status != Status.FAILED
    return answer.status == "succeeded" and refund.status == Status.PENDING


def record_refunded_sum(payment_intent_id: str, amount_cents: int) -> TopUp | None:
    """Store the refunded sum that Stripe reports, for `reconcile_topups` to compare."""
    topup = TopUp.objects.filter(stripe_payment_intent_id=payment_intent_id or None).first()
    if topup is not None:
        largest = Greatest(F("stripe_refunded_micros"), amount_cents * MICROS_PER_CENT)
        TopUp.objects.filter(pk=topup.pk).update(stripe_refunded_micros=largest)
    return topup


def _find(answer: StripeRefund) -> Refund | None:
    """Find a refund by our id or by Stripe's: the dashboard's metadata may name another id."""
    by_id = Q(public_id=answer.refund_id) | Q(stripe_refund_id=answer.id)
    return Refund.objects.filter(by_id).first()


def _adopt(answer: StripeRefund) -> Refund | None:
    """Insert a refund made in Stripe's dashboard: the wallet pays, even into debt.

    Return None if the payment is not of a top-up.
    """
    paid_topups = TopUp.objects.select_for_update().filter(status=TopUp.Status.PAID)
    topup = paid_topups.filter(stripe_payment_intent_id=answer.payment_intent_id or None).first()
    if topup is None:
        return None
    if earlier_refund := _find(answer):
        return earlier_refund  # from another delivery
    amount_micros = answer.amount_cents * MICROS_PER_CENT
    refund = Refund(topup=topup, amount_micros=amount_micros, stripe_refund_id=answer.id)
    refund.reason = "Made in Stripe's dashboard"
    if answer.status in FAILED_STATUSES:
        refund.status, refund.closed_at = Status.FAILED, timezone.now()
        refund.save()
        return refund
    _debit(refund)
    return refund


def _debit(refund: Refund) -> None:
    """Save a refund whose money Stripe has sent. The caller has locked the top-up."""
    topup, amount_micros = refund.topup, refund.amount_micros
    if topup.refunded_micros + amount_micros > topup.amount_micros:
        raise ContradictionError(topup, "Stripe refunded more than was paid.")
    balance_claims(topup, also_refunded_micros=amount_micros)
    refund.save()
    cause = _cause(refund, "outside", Transfer.Kind.REFUND, _words(topup))
    ledger.post(account=topup.account, amount_micros=-amount_micros, cause=cause, may_owe=True)


def _settle(refund: Refund) -> None:
    under_way = Refund.objects.filter(pk=refund.pk, status=Status.PENDING)
    if (
        under_way.update(status=Status.SUCCEEDED, closed_at=timezone.now())
        and _taken(refund) is None
    ):
        ledger.capture_hold(
            key=_key(refund),
            amount_micros=refund.amount_micros,
            description=_words(refund.topup),
            reference=refund.topup.public_id,
            counts_as=STRIPE_REFUND,
        )


def _words(topup: TopUp) -> str:
    return "Refund to your card" if topup.is_by_card else "Refund to where you paid from"


def _fail(refund: Refund, problem: str) -> None:
    """Mark a refund as failed, once, and return its money to the wallet.

    It comes from its hold, or as a credit if the hold was captured already.
    """
    not_failed = Refund.objects.filter(pk=refund.pk).exclude(status=Status.FAILED)
    if not not_failed.update(status=Status.FAILED, closed_at=timezone.now(), problem=problem[:200]):
        return
    if debit := _taken(refund):
        cause = _cause(refund, "returned", Transfer.Kind.REFUND_RETURNED, "Refund that failed")
        ledger.post(account=refund.topup.account, amount_micros=-debit.amount_micros, cause=cause)
    else:
        ledger.release_hold(key=_key(refund))
    balance_claims(refund.topup, also_refunded_micros=-refund.amount_micros)
    logger.warning("refund failed", extra={"refund": refund.public_id, "problem": problem[:60]})


def _taken(refund: Refund) -> Transfer | None:
    keys = [f"{_key(refund)}:settle", f"{_key(refund)}:outside"]
    return Transfer.objects.filter(key__in=keys).first()


def _locked(refund: Refund) -> Refund:
    TopUp.objects.select_for_update().get(pk=refund.topup_id)
    return Refund.objects.select_related("topup__account").get(pk=refund.pk)


def _key(refund: Refund) -> str:
    return f"refund:{refund.public_id}"


def _cause(refund: Refund, end: str, kind: Transfer.Kind, description: str) -> Cause:
    key = f"{_key(refund)}:{end}"
    return Cause(key, Book.STRIPE_CLEARING, kind, description, refund.topup.public_id)
