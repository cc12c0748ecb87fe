"""Credits and debits by staff: each has a reason, and is within the limit of the staff's groups."""

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, AuditEvent, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Hold, TopUp, Transfer
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import (
    MICROS_PER_CENT,
    dollars_to_micros,
    format_change,
    format_micros,
    format_money,
)

ADJUSTED = "money.adjusted"
# The kinds that staff may post: the book on the other side, and the words for the customer.
KINDS: dict[str, tuple[Book, str]] = {
    Transfer.Kind.ADJUSTMENT: (Book.ADJUSTMENTS, "Correction by support"),
    Transfer.Kind.CALL_REFUND: (Book.REFUNDS, "Refund of a call"),
    Transfer.Kind.PROMOTION: (Book.PROMOTIONS, "Promotional credit"),
    Transfer.Kind.WRITE_OFF: (Book.WRITE_OFFS, "Debt written off"),
}


@dataclass(frozen=True, slots=True)
class StaffLimits:
    """The most that a user may move at once and in a UTC day, and what is left of the day."""

    at_once_micros: int
    a_day_micros: int
    left_today_micros: int


def staff_limits(staff: User) -> StaffLimits:
    """Return the limits of a user: the largest of the user's groups."""
    if staff.has_perm("billing.adjust_large_amounts"):
        at_once, a_day = (
            settings.ADJUST_MAX_CENTS_FINANCE,
            settings.ADJUST_MAX_CENTS_PER_DAY_FINANCE,
        )
    elif staff.has_perm("billing.adjust_wallet"):
        at_once, a_day = (
            settings.ADJUST_MAX_CENTS_SUPPORT,
            settings.ADJUST_MAX_CENTS_PER_DAY_SUPPORT,
        )
    else:
        at_once = a_day = 0
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = AuditEvent.objects.filter(user=staff, created_at__gte=midnight, action=ADJUSTED)
    moved = sum(abs(Decimal(facts["amount"])) for facts in today.values_list("facts", flat=True))
    left_micros = a_day * MICROS_PER_CENT - dollars_to_micros(Decimal(moved))
    return StaffLimits(at_once * MICROS_PER_CENT, a_day * MICROS_PER_CENT, max(0, left_micros))


def alone_micros(limits: StaffLimits) -> int:
    """Return the most that a user may move without a second person."""
    return min(limits.at_once_micros, int(settings.SECOND_PERSON_ABOVE_CENTS) * MICROS_PER_CENT)


def needs_second_person(staff: User, amount_micros: int) -> bool:
    return abs(amount_micros) > alone_micros(staff_limits(staff))


@transaction.atomic
def adjust(
    *,
    account: Account,
    amount_micros: int,
    kind: str,
    staff: User,
    reason: str,
    key: str,
    reference: str = "",
    request: HttpRequest | None = None,
) -> tuple[Transfer, bool]:
    """Credit an account, or debit it if the amount is negative. Return whether it moved just now.

    Repeated, it is one transfer. Raise `adjustment_refused` above a limit or for one's own
    account, `invalid_request` for a reference that is none of the account's, `idempotency_conflict`
    for a form that was sent before with another amount, kind or account, and the refusals of
    `ledger.post`.
    """
    # Two forms of one member of staff at once count each other, whosever accounts they are about.
    User.objects.select_for_update(of=("self",)).get(pk=staff.pk)
    book, description = KINDS[kind]
    cause = Cause(f"adjustment:{key}", book, Transfer.Kind(kind), description, reference)
    ledger.lock_available(account)  # so that a form sent twice at once is recorded once
    earlier = Transfer.objects.select_related("wallet").filter(key=cause.key).first()
    if earlier is not None:
        if (earlier.wallet.account_id, earlier.amount_micros, earlier.kind) == (
            account.pk, amount_micros, kind,
        ):  # fmt: skip
            return earlier, False
        raise ProductError(
            "idempotency_conflict",
            f"This form was sent before and moved {format_change(earlier.amount_micros)}.",
            hint="Open the form again for another one.",
        )
    _check_limits(staff, account, amount_micros)
    check_reference(account, amount_micros, kind=kind, reference=reference)
    transfer = ledger.post(account=account, amount_micros=amount_micros, cause=cause)
    audit.record(
        ADJUSTED,
        account=account,
        user=staff,
        request=request,
        transfer=transfer.public_id,
        kind=kind,
        amount=format_micros(amount_micros),
        reason=reason,
    )
    return transfer, True


def _check_limits(staff: User, account: Account, amount_micros: int) -> None:
    if staff.account_id == account.pk:
        raise ProductError("adjustment_refused", "Staff do not credit or debit their own account.")
    limits = staff_limits(staff)
    if not amount_micros or abs(amount_micros) > limits.at_once_micros:
        at_once = format_money(limits.at_once_micros)
        raise ProductError("adjustment_refused", f"You may credit or debit up to {at_once}.")
    if abs(amount_micros) > limits.left_today_micros:
        raise ProductError(
            "adjustment_refused",
            f"You may credit and debit {format_money(limits.a_day_micros)} a day (UTC), and "
            f"{format_money(limits.left_today_micros)} of that is left.",
        )


def check_reference(account: Account, amount_micros: int, *, kind: str, reference: str) -> None:
    """Raise `invalid_request` unless the reference is of this account, and a refund is covered.

    A call is known here by its hold, which each call has before it rings.
    """
    calls = Hold.objects.filter(wallet__account=account, key=f"call:{reference}")
    is_call = bool(reference) and calls.exists()
    if kind == Transfer.Kind.CALL_REFUND:
        if not is_call:
            raise _wrong_reference(
                "Name the call of this account that is refunded, such as call_…."
            )
        about = Transfer.objects.of(account).filter(reference=reference)
        about = about.filter(kind__in=(Transfer.Kind.CALL, Transfer.Kind.CALL_REFUND))
        left_micros = -(about.aggregate(sum=Sum("amount_micros"))["sum"] or 0)
        if amount_micros > left_micros:
            words = f"Of this call {format_money(max(0, left_micros))} can be refunded."
            raise ProductError("invalid_request", words, hint="Goodwill is promotional credit.")
    topups = TopUp.objects.filter(account=account, public_id=reference)
    if reference and not is_call and not topups.exists():
        raise _wrong_reference(f"This account has no call and no top-up {reference}.")


def _wrong_reference(words: str) -> ProductError:
    details = {"fields": {"reference": [words]}}
    return ProductError("invalid_request", words, hint="", details=details)


def unspent_promotions_micros(account: Account) -> int:
    """Return the promotional credit that is left. The calls after a promotion spend it first."""
    transfers = Transfer.objects.of(account)
    promotions = transfers.filter(kind=Transfer.Kind.PROMOTION).order_by("id")
    credits = list(promotions.values_list("id", "amount_micros"))
    unspent_micros = 0
    for index, (transfer_id, amount_micros) in enumerate(credits):
        calls = transfers.filter(kind=Transfer.Kind.CALL, id__gt=transfer_id)
        if index + 1 < len(credits):
            calls = calls.filter(id__lt=credits[index + 1][0])
        moved_micros = calls.aggregate(sum=Sum("amount_micros"))["sum"] or 0
        unspent_micros = max(0, unspent_micros + amount_micros + moved_micros)
    return unspent_micros
