"""Top-ups: a Checkout page is opened, and the wallet is credited once, on Stripe's word alone."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, User
from billing import gateway, ledger
from billing.amounts import check_amount
from billing.ledger import Cause
from billing.models import Book, TopUp, Transfer
from billing.stripe_answers import CheckoutSession
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT

logger = logging.getLogger(__name__)
# Stripe accepts 30 minutes to 24 hours; the customer's bank may want a while too.
PAGE_IS_OPEN = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(seconds=10)


class ContradictionError(Exception):
    """Stripe says something of a top-up that cannot be: another amount, another session."""

    def __init__(self, topup: TopUp, message: str) -> None:
        super().__init__(message)
        self.topup = topup


def start_topup(
    *, account: Account, user: User, amount_cents: int, idempotency_key: str | None = None
) -> TopUp:
    """Opens a Checkout page. Repeated with the same key, it is the same top-up and page.

    The row is committed before Stripe is asked, so that no page exists without its top-up. Raises
    `amount_too_small`, `amount_too_large`, `account_frozen`, or what the gateway raises.
    """
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen, so it takes no money.")
    check_amount(account, amount_cents)
    topup = _intend(account, user, amount_cents, idempotency_key)
    if topup.stripe_session_id is None and topup.status == TopUp.Status.PENDING:
        record_session(open_page(topup))
        topup.refresh_from_db()
    return topup


def _intend(account: Account, user: User, amount_cents: int, key: str | None) -> TopUp:
    fields = {
        "user": user,
        "amount_micros": amount_cents * MICROS_PER_CENT,
        "asked_for_3ds": not account.topups.filter(status=TopUp.Status.PAID).exists(),
        "expires_at": timezone.now() + PAGE_IS_OPEN,
    }
    if key is None:
        return TopUp.objects.create(account=account, **fields)
    return TopUp.objects.get_or_create(account=account, idempotency_key=key, defaults=fields)[0]


def open_page(topup: TopUp) -> CheckoutSession:
    """Asks Stripe for the page of a top-up; asked again, Stripe answers with the same one."""
    return gateway.create_session(
        topup_id=topup.public_id,
        amount_cents=topup.amount_cents,
        email=topup.user.email,
        ask_for_3ds=topup.asked_for_3ds,
        expires_at=topup.expires_at,
    )


@transaction.atomic
def record_session(session: CheckoutSession, *, failed: bool = False) -> TopUp | None:
    """Brings a top-up to what Stripe says of its session; None if it is none of ours.

    Whoever hears first (webhook, return page, reconciliation) credits; the others find it done.
    `failed` is Stripe's word that a delayed payment did not come.
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
    return topup


def _attach(topup: TopUp, session: CheckoutSession) -> None:
    """Ties the top-up to its session, also to one whose creation timed out."""
    mine = TopUp.objects.filter(pk=topup.pk)
    if mine.filter(stripe_session_id=None).update(stripe_session_id=session.id):
        mine.filter(status=TopUp.Status.PENDING).update(checkout_url=session.url)
    elif not mine.filter(stripe_session_id=session.id).exists():
        raise ContradictionError(topup, "Another session says that it pays this.")
    asked = (topup.amount_micros, "usd")
    if (session.amount_cents * MICROS_PER_CENT, session.currency) != asked:
        raise ContradictionError(topup, "Stripe names another amount or currency.")


def _credit(topup: TopUp, session: CheckoutSession) -> None:
    # Not only while pending: money that came late is still the customer's.
    unpaid = TopUp.objects.filter(pk=topup.pk).filter(~Q(status=TopUp.Status.PAID))
    if not unpaid.update(
        status=TopUp.Status.PAID,
        paid_at=timezone.now(),
        checkout_url="",
        stripe_payment_intent_id=session.payment_intent_id or None,
    ):
        return
    ledger.post(
        account=topup.account,
        amount_micros=topup.amount_micros,
        cause=Cause(
            key=f"topup:{topup.public_id}",
            book=Book.STRIPE_CLEARING,
            kind=Transfer.Kind.TOPUP,
            description="Top-up by card",
            reference=topup.public_id,
        ),
    )
    logger.info("top-up credited", extra={"topup": topup.public_id})


def _end(topup: TopUp, status: TopUp.Status) -> None:
    still_open = TopUp.objects.filter(pk=topup.pk, status=TopUp.Status.PENDING)
    if still_open.update(status=status, checkout_url=""):
        logger.info("top-up ended", extra={"topup": topup.public_id, "status": status.value})


def ask_stripe(topup: TopUp) -> TopUp:
    """Brings a pending top-up up to date, at most once in ten seconds whoever looks at it.

    Never raises for Stripe's sake: what cannot be asked now is asked later.
    """
    now = timezone.now()
    due = TopUp.objects.filter(
        Q(asked_stripe_at=None) | Q(asked_stripe_at__lt=now - ASK_AGAIN_AFTER),
        pk=topup.pk,
        status=TopUp.Status.PENDING,
        stripe_session_id__isnull=False,
    )
    if topup.status == TopUp.Status.PENDING and due.update(asked_stripe_at=now):
        try:
            record_session(gateway.retrieve_session(topup.stripe_session_id or ""))
        except ProductError:
            logger.warning("top-up not asked about", extra={"topup": topup.public_id})
        except ContradictionError as problem:
            note_problem(problem)
    if topup.status == TopUp.Status.PENDING:
        topup.refresh_from_db()
    return topup


def cancel_topup(topup: TopUp) -> TopUp:
    """Closes the page of a pending top-up, so that it cannot be paid any more."""
    if topup.status == TopUp.Status.PENDING and topup.stripe_session_id:
        try:
            record_session(gateway.expire_session(topup.stripe_session_id))
        except gateway.RefusedError:
            # It was paid or expired while the customer decided.
            record_session(gateway.retrieve_session(topup.stripe_session_id))
        topup.refresh_from_db()
    return topup


def give_up(topup: TopUp) -> None:
    """Ends a top-up whose page was never made."""
    _end(topup, TopUp.Status.FAILED)


def note_problem(problem: ContradictionError) -> None:
    """Leaves a contradiction with the top-up, for support; no money moves."""
    logger.error("top-up contradicts stripe", extra={"topup": problem.topup.public_id})
    TopUp.objects.filter(pk=problem.topup.pk).update(problem=str(problem))
