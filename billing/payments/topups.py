"""Top-ups: a Checkout page is opened, and the wallet is credited once, when Stripe says so."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.api.idempotency import forget_old_keys, key_conflict
from accounts.audit import AnyRequest
from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, TopUp, Transfer
from billing.payments import gateway
from billing.payments.gateway import CheckoutSession
from mobayilo.lib.circuit import Circuit
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_money

logger = logging.getLogger(__name__)
CHECKOUT = Circuit("stripe-checkout", "payment provider")
# Stripe accepts 30 minutes to 24 hours; the customer's bank may need some time too.
PAGE_OPEN_FOR = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(seconds=10)
SMALLEST_CENTS = 500
PRESETS_CENTS = (1_000, 2_000, 5_000, 10_000)


class ContradictionError(Exception):
    """Stripe contradicts a top-up, by another amount, currency or session."""

    def __init__(self, topup: TopUp, message: str) -> None:
        super().__init__(message)
        self.topup = topup


def check_amount(amount_cents: int, *, first_paid_at: datetime | None) -> None:
    """Raise `amount_too_small` or `amount_too_large` if the policy does not allow the amount."""
    if amount_cents < SMALLEST_CENTS:
        raise ProductError(
            "amount_too_small",
            f"The smallest top-up is {format_money(SMALLEST_CENTS * MICROS_PER_CENT)}.",
            details={"minimum_cents": SMALLEST_CENTS},
        )
    maximum_cents = largest_cents(first_paid_at)
    if amount_cents > maximum_cents:
        largest = format_money(maximum_cents * MICROS_PER_CENT)
        raise ProductError(
            "amount_too_large",
            f"The largest top-up of this account is {largest}.",
            details={"maximum_cents": maximum_cents},
        )


def first_payment_of(account: Account) -> datetime | None:
    """Return when an account first paid; None if it never did."""
    paid = TopUp.objects.filter(account=account, status=TopUp.Status.PAID)
    first: datetime | None = paid.aggregate(Min("paid_at"))["paid_at__min"]
    return first


def largest_cents(first_paid_at: datetime | None) -> int:
    """Return the policy's maximum, lower until the first payment is old enough to be trusted."""
    trusted_since = timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)
    is_trusted = first_paid_at is not None and first_paid_at < trusted_since
    return int(settings.TOPUP_MAX_CENTS if is_trusted else settings.TOPUP_MAX_CENTS_NEW_ACCOUNT)


def start_topup(
    *,
    account: Account,
    user: User,
    amount_cents: int,
    idempotency_key: str | None = None,
    request: AnyRequest = None,
) -> TopUp:
    """Start a top-up and open its page; if repeated with the same key, return the first one.

    The row is committed before Stripe is asked, so that no page exists without its top-up. Raise
    `amount_too_small`, `amount_too_large`, `account_frozen`, `idempotency_conflict` for a key that
    was used with another amount, or the gateway's errors.
    """
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen, so it takes no money.")
    first_paid_at = first_payment_of(account)
    check_amount(amount_cents, first_paid_at=first_paid_at)
    CHECKOUT.refuse_if_open()
    topup = TopUp(
        account=account,
        user=user,
        amount_micros=amount_cents * MICROS_PER_CENT,
        asked_for_3ds=first_paid_at is None,
        expires_at=timezone.now() + PAGE_OPEN_FOR,
        idempotency_key=idempotency_key,
    )
    topup = _insert_or_find(topup, request)
    if topup.stripe_session_id is None and topup.status == TopUp.Status.PENDING:
        try:
            record_session(open_page(topup))
        except ContradictionError as problem:
            record_problem(problem)
            raise ProductError(
                "provider_unavailable", "Our payment provider gave an answer that we cannot use."
            ) from None
        topup.refresh_from_db()
    return topup


def _insert_or_find(topup: TopUp, request: AnyRequest) -> TopUp:
    """Insert a top-up, or return the one that an earlier request with its key inserted."""
    try:
        return _insert(topup, request)
    except IntegrityError:
        earlier = TopUp.objects.filter(account=topup.account, idempotency_key=topup.idempotency_key)
        if forget_old_keys(earlier):
            return _insert(topup, request)
        first = earlier.get()
        if first.amount_micros != topup.amount_micros:
            raise key_conflict() from None
        return first


@transaction.atomic
def _insert(topup: TopUp, request: AnyRequest) -> TopUp:
    topup.save()
    audit.record(
        "topup.started",
        account=topup.account,
        user=topup.user,
        request=request,
        topup=topup.public_id,
        cents=topup.amount_cents,
    )
    return topup


def open_page(topup: TopUp) -> CheckoutSession:
    """Ask Stripe for the page of a top-up; asked again, Stripe answers with the same page."""
    with CHECKOUT.watch():
        return gateway.create_session(
            topup_id=topup.public_id,
            amount_cents=topup.amount_cents,
            email=topup.user.email,
            ask_for_3ds=topup.asked_for_3ds,
            expires_at=topup.expires_at,
        )


@transaction.atomic
def record_session(session: CheckoutSession, *, failed: bool = False) -> TopUp | None:
    """Update a top-up from its session at Stripe. Return None if it pays no top-up.

    The first of webhook, return page and reconciliation credits; the others change nothing.
    `failed` says that Stripe reported the failure of a delayed payment.
    """
    topup = TopUp.objects.select_related("account").filter(public_id=session.topup_id).first()
    if topup is None:
        return None
    _attach(topup, session)
    if session.payment_status == "paid":
        _credit(topup, session)
    elif failed or session.payment_failed:
        _end(topup, TopUp.Status.FAILED)
    elif session.status == "expired":
        _end(topup, TopUp.Status.EXPIRED)
    elif session.is_processing:
        # The page is done with, and the money comes days later.
        waiting = TopUp.objects.filter(
            pk=topup.pk, status=TopUp.Status.PENDING, processing_since=None
        )
        if waiting.update(processing_since=timezone.now(), checkout_url=""):
            logger.info("top-up on its way", extra={"topup": topup.public_id})
    return topup


def _attach(topup: TopUp, session: CheckoutSession) -> None:
    """Link the top-up with its session, also with one whose creation timed out."""
    if topup.stripe_session_id is None:
        if TopUp.objects.filter(stripe_session_id=session.id).exists():
            raise ContradictionError(topup, "Its session belongs to another top-up.")
        unattached = TopUp.objects.filter(pk=topup.pk, stripe_session_id=None)
        url = session.url if topup.status == TopUp.Status.PENDING else ""
        unattached.update(
            stripe_session_id=session.id,
            checkout_url=url,
            is_by_card=session.is_by_card,
            asked_stripe_at=timezone.now(),
        )
        topup.refresh_from_db(fields=["stripe_session_id", "is_by_card"])
    if topup.stripe_session_id != session.id:
        raise ContradictionError(topup, "Another session says that it pays this.")
    requested = (topup.amount_micros, "usd")
    if (session.amount_cents * MICROS_PER_CENT, session.currency) != requested:
        raise ContradictionError(topup, "Stripe names another amount or currency.")


def _credit(topup: TopUp, session: CheckoutSession) -> None:
    # Also when it has expired or failed: money that arrives late is still the customer's.
    payment = session.payment_intent_id or None
    others = TopUp.objects.exclude(pk=topup.pk)
    if payment and others.filter(stripe_payment_intent_id=payment).exists():
        raise ContradictionError(topup, "Its payment has paid another top-up.")
    unpaid = TopUp.objects.filter(pk=topup.pk).filter(~Q(status=TopUp.Status.PAID))
    if not unpaid.update(
        status=TopUp.Status.PAID,
        paid_at=timezone.now(),
        checkout_url="",
        stripe_payment_intent_id=payment,
    ):
        return
    ledger.post(
        account=topup.account,
        amount_micros=topup.amount_micros,
        cause=Cause(
            key=f"topup:{topup.public_id}",
            book=Book.STRIPE_CLEARING,
            kind=Transfer.Kind.TOPUP,
            description="Top-up by card" if topup.is_by_card else "Top-up",
            reference=topup.public_id,
        ),
    )
    logger.info("top-up credited", extra={"topup": topup.public_id})


def topups_on_their_way(account: Account) -> QuerySet[TopUp]:
    """Return the top-ups that are paid and whose money comes days later, oldest first."""
    pending = TopUp.objects.filter(account=account, status=TopUp.Status.PENDING)
    return pending.exclude(processing_since=None).order_by("id")


def _end(topup: TopUp, status: TopUp.Status) -> None:
    still_open = TopUp.objects.filter(pk=topup.pk, status=TopUp.Status.PENDING)
    if still_open.update(status=status, checkout_url=""):
        logger.info("top-up ended", extra={"topup": topup.public_id, "status": status.value})


def refresh_topup(topup: TopUp, *, at_most_every: timedelta = ASK_AGAIN_AFTER) -> TopUp:
    """Ask Stripe about a pending top-up, and return it as it is then.

    A failure is logged and raises nothing: reconciliation asks later.
    """
    try:
        ask_about_topup(topup, at_most_every=at_most_every)
    except ProductError:
        logger.warning("top-up not asked about", extra={"topup": topup.public_id})
    except ContradictionError as problem:
        record_problem(problem)
    return topup


def ask_about_topup(topup: TopUp, *, at_most_every: timedelta = ASK_AGAIN_AFTER) -> None:
    """Ask Stripe about a pending top-up, at most once per `at_most_every` across all processes.

    Raise the gateway's errors, and ContradictionError.
    """
    before = timezone.now() - at_most_every
    was_asked = topup.asked_stripe_at is not None and topup.asked_stripe_at > before
    if was_asked or topup.status != TopUp.Status.PENDING or topup.stripe_session_id is None:
        return
    due = TopUp.objects.filter(
        Q(asked_stripe_at=None) | Q(asked_stripe_at__lte=before),
        pk=topup.pk,
        status=TopUp.Status.PENDING,
    )
    try:
        if due.update(asked_stripe_at=timezone.now()):
            record_session(gateway.retrieve_session(topup.stripe_session_id))
    finally:
        topup.refresh_from_db()


def cancel_topup(topup: TopUp) -> TopUp:
    """Close the page of a pending top-up, so that it cannot be paid any more."""
    if topup.status == TopUp.Status.PENDING and topup.stripe_session_id:
        pending = TopUp.objects.filter(pk=topup.pk, canceled_at=None, status=TopUp.Status.PENDING)
        pending.update(canceled_at=timezone.now())
        try:
            record_session(gateway.expire_session(topup.stripe_session_id))
        except gateway.RefusedError:
            # It was paid or has expired in the meantime.
            record_session(gateway.retrieve_session(topup.stripe_session_id))
        topup.refresh_from_db()
    return topup


def give_up(topup: TopUp) -> None:
    """End a top-up whose page was never made."""
    _end(topup, TopUp.Status.FAILED)


def record_problem(problem: ContradictionError) -> None:
    """Store a contradiction with the top-up, for support; no money moves."""
    logger.error("top-up contradicts stripe", extra={"topup": problem.topup.public_id})
    TopUp.objects.filter(pk=problem.topup.pk).update(problem=str(problem))
