"""What you have: a wallet for each account, the holds on it, and every movement of money.

Amounts are integers of micro-dollars. Rows here are written by `billing.ledger`, `billing.topups`,
`billing.refunds` and `billing.disputes` only.
"""

from typing import Any, NoReturn

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Account
from mobayilo.lib.ids import new_public_id


def new_transfer_id() -> str:
    return new_public_id("txn")


def new_hold_id() -> str:
    return new_public_id("hold")


def new_topup_id() -> str:
    return new_public_id("top")


def new_refund_id() -> str:
    return new_public_id("rfd")


class Wallet(models.Model):
    """The running totals of one account's money. Everything in it follows from the transfers.

    `owed_micros` is how far a dispute or a refund made behind our back let the available balance
    fall below zero. Only those raise it and every credit lowers it, so that the last constraint
    refuses any other overspending, whoever writes the row.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="wallet")
    balance_micros = models.BigIntegerField(default=0)
    held_micros = models.BigIntegerField(default=0)
    owed_micros = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(held_micros__gte=0), name="wallet_held_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(owed_micros__gte=0), name="wallet_owed_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(balance_micros__gte=F("held_micros") - F("owed_micros")),
                name="wallet_not_overspent",
            ),
        ]

    def __str__(self) -> str:
        return f"wallet of {self.account}"

    @property
    def available_micros(self) -> int:
        return self.balance_micros - self.held_micros


class Book(models.TextChoices):
    """The other side of a transfer. A book's total is minus the sum of its transfers."""

    STRIPE_CLEARING = "stripe_clearing", "Stripe clearing"
    CALL_REVENUE = "call_revenue", "Call revenue"
    REFUNDS = "refunds", "Refunds of calls"
    DISPUTES = "disputes", "Disputes"
    ADJUSTMENTS = "adjustments", "Adjustments"
    PROMOTIONS = "promotions", "Promotions"
    WRITE_OFFS = "write_offs", "Write-offs"


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Refuses what would change history, on databases without the triggers too."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutableTransferError

    def delete(self) -> NoReturn:
        raise ImmutableTransferError


class ImmutableTransferError(TypeError):
    """A transfer is never changed or deleted; a mistake is corrected by another transfer."""


class Transfer(models.Model):
    """Money moved, for ever: between a wallet and a book.

    `amount_micros` is what the wallet gained; the book gained the opposite, so a movement cannot
    have one side only. `key` names the cause (`topup:top_…`, `call:call_…:settle`).
    """

    class Kind(models.TextChoices):
        TOPUP = "topup", "Top-up"
        CALL = "call", "Call"
        CALL_REFUND = "call_refund", "Refund of a call"
        REFUND = "refund", "Refund"
        REFUND_RETURNED = "refund_returned", "Refund that failed"
        DISPUTE = "dispute", "Disputed payment"
        DISPUTE_RETURNED = "dispute_returned", "Dispute decided for you"
        ADJUSTMENT = "adjustment", "Adjustment"
        PROMOTION = "promotion", "Promotion"
        WRITE_OFF = "write_off", "Write-off"

    public_id = models.CharField(
        max_length=32, unique=True, default=new_transfer_id, editable=False
    )
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="transfers")
    book = models.CharField(max_length=20, choices=Book)
    kind = models.CharField(max_length=20, choices=Kind)
    amount_micros = models.BigIntegerField()
    balance_after_micros = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    description = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_micros=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(key=""), name="transfer_names_its_cause"),
        ]
        indexes = [
            models.Index(fields=["wallet", "id"], name="transfer_statement"),
            models.Index(fields=["reference"], name="transfer_reference"),
            models.Index(fields=["created_at"], name="transfer_created"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableTransferError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableTransferError


class Hold(models.Model):
    """Money reserved for something under way: captured in part or whole, released, or expired."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        EXPIRED = "expired", "Expired"

    public_id = models.CharField(max_length=32, unique=True, default=new_hold_id, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="holds")
    key = models.CharField(max_length=120, unique=True)
    amount_micros = models.BigIntegerField()
    captured_micros = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="hold_is_positive"),
            models.CheckConstraint(
                condition=Q(captured_micros__gte=0, captured_micros__lte=F("amount_micros")),
                name="hold_captured_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="hold_closed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="open"), name="hold_open_by_expiry"
            ),
            models.Index(fields=["wallet"], condition=Q(state="open"), name="hold_open_by_wallet"),
        ]

    def __str__(self) -> str:
        return self.public_id
