"""Money: a wallet for each account, the holds on it, its transfers, and payments by Stripe.

Amounts are integers of micro-dollars. Rows are written by `billing.ledger` only; those of top-ups,
refunds and disputes by the modules of these names in `billing.payments`.
"""

from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import F, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from mobayilo.lib.ids import new_public_id
from mobayilo.lib.money import MICROS_PER_CENT


def new_transfer_id() -> str:
    return new_public_id("txn")


def new_hold_id() -> str:
    return new_public_id("hold")


def new_topup_id() -> str:
    return new_public_id("top")


def new_refund_id() -> str:
    return new_public_id("rfd")


class Wallet(models.Model):
    """The running totals of one account's money. All totals follow from transfers and holds.

    `owed_micros` is the part of the available balance below zero that disputes, and refunds made
    in Stripe's dashboard, have caused. Only those raise it and every credit lowers it, so that the
    last constraint refuses any other overspending by any code that writes the row.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="wallet")
    balance_micros = models.BigIntegerField(default=0)
    held_micros = models.BigIntegerField(default=0)
    owed_micros = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        permissions = [
            ("adjust_wallet", "Can credit and debit small amounts"),
            ("adjust_large_amounts", "Can credit and debit large amounts"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_micros__gte=0), name="wallet_held_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(owed_micros__gte=0), name="wallet_owed_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(owed_micros=0, balance_micros__gte=F("held_micros"))
                | Q(owed_micros__gt=0, owed_micros=F("held_micros") - F("balance_micros")),
                name="wallet_owes_what_is_missing",
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


GAINS = ("topup", "refund_returned", "dispute_returned")
LOSSES = ("call", "refund", "dispute")


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Refuse changes of history, also on databases without the triggers."""

    def of(self, account: Account) -> Self:
        """Return an account's transfers, by the wallet's id: behind a join, PostgreSQL does not
        use the index by which a statement is read.
        """
        return self.filter(wallet=Subquery(Wallet.objects.filter(account=account).values("pk")))

    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutableTransferError

    def delete(self) -> NoReturn:
        raise ImmutableTransferError


class ImmutableTransferError(TypeError):
    """A transfer is never changed or deleted; a mistake is corrected by another transfer."""


class Transfer(models.Model):
    """Money that moved between a wallet and a book. It is never changed or deleted.

    `amount_micros` is the wallet's gain; the book's gain is the opposite, so a transfer always has
    two sides. `key` names the cause (`topup:top_…`, `call:call_…:settle`).
    """

    class Kind(models.TextChoices):
        TOPUP = "topup", _("Top-up")
        CALL = "call", _("Call")
        CALL_REFUND = "call_refund", _("Refund of a call")
        REFUND = "refund", _("Refund")
        REFUND_RETURNED = "refund_returned", _("Refund that failed")
        DISPUTE = "dispute", _("Disputed payment")
        DISPUTE_RETURNED = "dispute_returned", _("Dispute decided for you")
        ADJUSTMENT = "adjustment", _("Adjustment")
        PROMOTION = "promotion", _("Promotion")
        WRITE_OFF = "write_off", _("Write-off")

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
            # Staff may correct in both directions; a payment or a call has one sign.
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0, kind__in=GAINS)
                | Q(amount_micros__lt=0, kind__in=LOSSES)
                | ~Q(kind__in=(*GAINS, *LOSSES)),
                name="transfer_has_the_sign_of_its_kind",
            ),
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


class TopUp(models.Model):
    """One payment through Stripe Checkout. It is credited once, when Stripe says that it is paid.

    `refunded_micros` and `disputed_micros` are the parts that were refunded or taken back. They
    count from the moment of the request, so that together they never exceed the amount.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for payment"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Expired"
        FAILED = "failed", "Failed"

    public_id = models.CharField(max_length=32, unique=True, default=new_topup_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="topups")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="topups")
    amount_micros = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    refunded_micros = models.BigIntegerField(default=0)
    disputed_micros = models.BigIntegerField(default=0)
    # The largest sum of refunds that Stripe reported. It exceeds `refunded_micros` while a refund
    # that was made in Stripe's dashboard has not reached us.
    stripe_refunded_micros = models.BigIntegerField(default=0)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - null is none, unique
    asked_for_3ds = models.BooleanField(default=False)
    stripe_session_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    stripe_payment_intent_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    checkout_url = models.TextField(blank=True)
    problem = models.CharField(max_length=200, blank=True)
    # False where Stripe's page offers other methods too: the words then name no card.
    is_by_card = models.BooleanField(default=True, db_default=True)
    # Since when a delayed payment, such as a bank debit, is under way; null for all others.
    processing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    asked_stripe_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)  # asked for, by the customer

    class Meta:
        permissions = [("refund_topup", "Can refund top-ups")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "idempotency_key"], name="topup_idempotency_key"
            ),
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="topup_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded_micros__gte=0, disputed_micros__gte=0)
                & Q(amount_micros__gte=F("refunded_micros") + F("disputed_micros")),
                name="topup_returned_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False)
                | (~Q(status="paid") & Q(paid_at=None)),
                name="topup_paid_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="topup_of_account"),
            models.Index(
                fields=["expires_at"], condition=Q(status="pending"), name="topup_pending"
            ),
            models.Index(fields=["paid_at"], name="topup_paid"),
            models.Index(
                fields=["id"],
                condition=Q(stripe_refunded_micros__gt=F("refunded_micros")),
                name="topup_refunded_elsewhere",
            ),
            models.Index(fields=["id"], condition=Q(problem__gt=""), name="topup_with_problem"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount_cents(self) -> int:
        return self.amount_micros // MICROS_PER_CENT

    @property
    def returnable_micros(self) -> int:
        """Return the part that has neither been refunded nor taken back."""
        return self.amount_micros - self.refunded_micros - self.disputed_micros

    @property
    def is_on_its_way(self) -> bool:
        """Return whether the customer has paid and the money comes days later."""
        return self.status == self.Status.PENDING and self.processing_since is not None

    @property
    def page_status(self) -> str:
        """Return the status for people: a delayed payment has words of its own."""
        return "on_its_way" if self.is_on_its_way else self.shown_status

    @property
    def shown_status(self) -> str:
        """Return the status of the API.

        A paid top-up also says if money was taken back or refunded, and an expired one if it was
        canceled.
        """
        if self.status == self.Status.EXPIRED and self.canceled_at is not None:
            return "canceled"
        if self.status == self.Status.PAID and self.disputed_micros:
            return "disputed"
        if self.status != self.Status.PAID or not self.refunded_micros:
            return self.status
        return "refunded" if self.refunded_micros == self.amount_micros else "partly_refunded"


class Refund(models.Model):
    """Money of a top-up that goes back to the card.

    A refund that we request has a hold until Stripe says that it succeeded. One that was made in
    Stripe's dashboard has no hold and no user, and is debited when Stripe reports it.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Under way")
        SUCCEEDED = "succeeded", _("Refunded")
        FAILED = "failed", _("Failed; the money came back")

    public_id = models.CharField(max_length=32, unique=True, default=new_refund_id, editable=False)
    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="refunds")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    amount_micros = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=200, blank=True)
    # Names the top-up, the form and the amount: a form that is sent twice is one refund.
    key = models.CharField(max_length=100, unique=True, null=True, blank=True)
    stripe_refund_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_stripe_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="refund_is_positive"),
            models.CheckConstraint(
                condition=Q(status="pending", closed_at=None)
                | (~Q(status="pending") & Q(closed_at__isnull=False)),
                name="refund_closed_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(status="pending"), name="refund_pending"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Dispute(models.Model):
    """A dispute or an early fraud warning about a top-up, by Stripe's id."""

    class Kind(models.TextChoices):
        DISPUTE = "dispute", "Dispute"
        WARNING = "warning", "Early fraud warning"

    class State(models.IntegerChoices):
        """The progress of a dispute. It only rises, so that events may arrive in any order."""

        INQUIRY = 0, "Inquiry, no money taken"
        OPEN = 1, "Open"
        LOST = 2, "Lost"
        WON = 3, "Won"
        WITHDRAWN = 4, "Withdrawn by support"

    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="disputes")
    amount_micros = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(choices=State, default=State.INQUIRY)
    stripe_status = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Until when the bank takes an answer of ours; null where it takes none.
    answer_by = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def words_for_customer(self) -> str:
        """Return the state in words for the customer, who has lost a dispute that we have won."""
        return {
            self.State.INQUIRY: str(_("the bank asks about it")),
            self.State.OPEN: str(_("under way")),
            self.State.LOST: str(_("the bank returned it to the cardholder")),
            self.State.WON: str(_("decided, the money is in your balance")),
            self.State.WITHDRAWN: str(_("withdrawn, the money is in your balance")),
        }[self.State(self.state)]

    @property
    def waits_for_us(self) -> bool:
        """Return whether the bank still takes an answer of ours."""
        needs_response = self.stripe_status in ("needs_response", "warning_needs_response")
        return needs_response and self.answer_by is not None

    @property
    def stripe_url(self) -> str:
        """Return the page of the dispute, or of the payment that a warning is about, at Stripe."""
        if self.kind == self.Kind.DISPUTE:
            return f"https://dashboard.stripe.com/disputes/{self.stripe_id}"
        return f"https://dashboard.stripe.com/payments/{self.topup.stripe_payment_intent_id}"


class StripeEvent(models.Model):
    """An event as Stripe sent it, stored once under its id. Unknown kinds are kept too."""

    class Outcome(models.TextChoices):
        WAITING = "", "Not applied yet"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "About no payment of ours"
        UNKNOWN = "unknown", "A kind that we do nothing with"
        REFUSED = "refused", "Contradicts what we know"
        OTHER_MODE = "other_mode", "Of test mode, or of live mode under a test key"

    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=100)
    payload = models.JSONField()
    stripe_created_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING, blank=True)
    note = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=40, blank=True, db_index=True)

    class Meta:
        permissions = [("replay_stripeevent", "Can apply events again")]
        indexes = [
            models.Index(fields=["stripe_created_at", "id"], name="stripe_event_order"),
            models.Index(fields=["received_at"], name="stripe_event_received"),
            # Reconciliation looks for these every minute; they stay small as history grows.
            models.Index(fields=["id"], condition=Q(applied_at=None), name="stripe_event_waiting"),
            models.Index(
                fields=["reference"],
                condition=Q(outcome="ignored") & ~Q(reference=""),
                name="stripe_event_early",
            ),
            models.Index(
                fields=["id"], condition=Q(outcome="refused"), name="stripe_event_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"


class AuditReport(models.Model):
    """The result of comparing our books with themselves, with Stripe's, or with Twilio's."""

    class Subject(models.TextChoices):
        LEDGER = "ledger", "The ledger with itself"
        STRIPE = "stripe", "The ledger with Stripe"
        TWILIO = "twilio", "Calls with Twilio"

    subject = models.CharField(max_length=10, choices=Subject)
    day = models.DateField(null=True, blank=True)
    difference_count = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["subject", "-created_at"], name="audit_report_latest")]

    def __str__(self) -> str:
        return f"{self.subject} {self.created_at:%Y-%m-%d %H:%M}"
