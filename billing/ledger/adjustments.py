"""Credits and debits by staff: each has a reason, and is within the limit of the staff's groups."""

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, User
from billing import ledger
from billing.ledger import Cause
from billing.models import Book, Transfer
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_change, format_money
from mobayilo.lib.money import MICROS_PER_CENT, format_micros

# The kinds that staff may post: the book on the other side, and the words for the customer.
KINDS: dict[str, tuple[Book, str]] = {
    Transfer.Kind.ADJUSTMENT: (Book.ADJUSTMENTS, "Correction by support"),
    Transfer.Kind.CALL_REFUND: (Book.REFUNDS, "Refund of a call"),
    Transfer.Kind.PROMOTION: (Book.PROMOTIONS, "Promotional credit"),
    Transfer.Kind.WRITE_OFF: (Book.WRITE_OFFS, "Debt written off"),
}


def limit_micros(staff: User) -> int:
    """Return the most that this user may move at once: the largest limit of the user's groups."""
    if staff.has_perm("billing.adjust_large_amounts"):
        return int(settings.ADJUST_MAX_CENTS_FINANCE) * MICROS_PER_CENT
    if staff.has_perm("billing.adjust_wallet"):
        return int(settings.ADJUST_MAX_CENTS_SUPPORT) * MICROS_PER_CENT
    return 0


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
) -> Transfer:
    """Credit an account, or debit it if the amount is negative. Repeated, it is one transfer.

    Raise `adjustment_refused` above the limit, `idempotency_conflict` for a form that was sent
    before with another amount, kind or account, and the refusals of `ledger.post`.
    """
    limit = limit_micros(staff)
    if not amount_micros or abs(amount_micros) > limit:
        raise ProductError(
            "adjustment_refused", f"You may credit or debit up to {format_money(limit)}."
        )
    book, description = KINDS[kind]
    cause = Cause(f"adjustment:{key}", book, Transfer.Kind(kind), description, reference)
    ledger.lock_available(account)  # so that a form sent twice at once is recorded once
    done_before = Transfer.objects.filter(key=cause.key).exists()
    transfer = ledger.post(account=account, amount_micros=amount_micros, cause=cause)
    requested = (account.pk, amount_micros, kind)
    if (transfer.wallet.account_id, transfer.amount_micros, transfer.kind) != requested:
        raise ProductError(
            "idempotency_conflict",
            f"This form was sent before and moved {format_change(transfer.amount_micros)}.",
            hint="Open the form again for another one.",
        )
    if not done_before:
        audit.record(
            "money.adjusted",
            account=account,
            user=staff,
            request=request,
            transfer=transfer.public_id,
            kind=kind,
            amount=format_micros(amount_micros),
            reason=reason,
        )
    return transfer


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
