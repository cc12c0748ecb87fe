"""The admin of money: all rows can be looked at, and none changed by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.access import signed_in_user
from accounts.staff.base import (
    ReadOnlyAdmin,
    ReasonForm,
    RowResult,
    action_with_reason,
    recorded_as,
)
from billing.forms import new_form_key
from billing.ledger import balance_of
from billing.ledger.adjustments import (
    KINDS,
    adjust,
    alone_micros,
    check_reference,
    needs_second_person,
    staff_limits,
)
from billing.models import (
    AuditReport,
    Dispute,
    Hold,
    Refund,
    StripeEvent,
    TopUp,
    Transfer,
    Wallet,
)
from billing.payments import events
from billing.payments.disputes import withdraw_warning
from billing.payments.refunds import (
    check_refundable,
    refundable_by_staff_micros,
    start_refund,
)
from billing.payments.topups import refresh_topup
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_when
from mobayilo.lib.money import MICROS_PER_CENT, MINUS, format_change, format_money, read_amount

Row = TypeVar("Row", Wallet, TopUp, Dispute)


class AmountForm(ReasonForm):
    """An amount. `key` makes one transfer or refund of a form that is sent twice."""

    amount = forms.CharField(max_length=20, help_text="US dollars, such as 5 or 5.00.")
    key = forms.CharField(max_length=40, initial=new_form_key, widget=forms.HiddenInput)

    def clean_amount(self) -> int:
        """Return the amount in cents, negative after a minus sign."""
        text = self.cleaned_data["amount"].strip().replace(MINUS, "-")
        try:
            cents = -read_amount(text[1:]) if text.startswith("-") else read_amount(text)
        except ProductError as error:
            raise forms.ValidationError(error.message) from None
        if cents == 0:
            raise forms.ValidationError("That would move nothing.")
        return cents


class AdjustForm(AmountForm):
    """A credit, or a debit with a minus sign."""

    amount = forms.CharField(
        max_length=20, help_text="US dollars: 5.00 to give them, -5.00 to take them away."
    )
    kind = forms.ChoiceField(
        choices=[(kind, description) for kind, (_, description) in KINDS.items()]
    )
    reference = forms.CharField(
        max_length=40, required=False, help_text="The call or top-up that it is about, if any."
    )


def only_one(queryset: QuerySet[Row]) -> Row:
    """Return the one row of an action that moves money. Raise `invalid_request` for several."""
    if queryset.count() != 1:
        raise ProductError("invalid_request", "Choose one row: this moves money.")
    return queryset.get()


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ["account", "balance", "held", "available"]
    list_select_related = ["account"]
    search_fields = ["account__public_id", "account__users__email"]
    actions = ["credit_or_debit"]

    @admin.display(ordering="balance_micros")
    def balance(self, wallet: Wallet) -> str:
        return format_money(wallet.balance_micros)

    @admin.display(ordering="held_micros")
    def held(self, wallet: Wallet) -> str:
        return format_money(wallet.held_micros)

    def available(self, wallet: Wallet) -> str:
        return format_money(wallet.available_micros)

    def facts_of(self, request: HttpRequest, row: Wallet) -> dict[str, str]:
        limits = staff_limits(signed_in_user(request))
        return {
            **super().facts_of(request, row),
            "Balance": self.balance(row),
            "Held": self.held(row),
            "Available": self.available(row),
            "You may move at once": format_money(limits.at_once_micros),
            "Left of your day": format_money(limits.left_today_micros),
            "A second person confirms": f"above {format_money(alone_micros(limits))}",
        }

    def _large_adjustment(
        self, request: HttpRequest, queryset: QuerySet[Wallet], form: ReasonForm
    ) -> str:
        """Return the words of a credit or debit that needs a second person, or nothing."""
        wallet, amount_micros = only_one(queryset), form.cleaned_data["amount"] * MICROS_PER_CENT
        most_micros = settings.ADJUST_MAX_CENTS_FINANCE * MICROS_PER_CENT
        data = form.cleaned_data
        check_reference(
            wallet.account, amount_micros, kind=data["kind"], reference=data["reference"]
        )
        if abs(amount_micros) > most_micros:
            return ""  # no one could confirm it, so that it is refused at once
        if not needs_second_person(signed_in_user(request), amount_micros):
            return ""
        description = KINDS[data["kind"]][1]
        return f"{format_change(amount_micros)} to {wallet.account} ({description})"

    @action_with_reason(
        "Credit or debit",
        right="billing.adjust_wallet",
        form_class=AdjustForm,
        consequence="The balance changes at once, and the customer sees it in the statement.",
        second_person=_large_adjustment,
    )
    def credit_or_debit(
        self, request: HttpRequest, queryset: QuerySet[Wallet], form: ReasonForm
    ) -> str:
        data = form.cleaned_data
        transfer, is_new = adjust(
            account=only_one(queryset).account,
            amount_micros=data["amount"] * MICROS_PER_CENT,
            kind=data["kind"],
            staff=signed_in_user(request),
            reason=data["reason"],
            key=data["key"],
            reference=data["reference"],
            request=request,
        )
        moved, after = (
            format_change(transfer.amount_micros),
            format_money(transfer.balance_after_micros),
        )
        if is_new:
            return f"{moved}; the balance is {after}."
        return f"This form was sent before and moved {moved}; nothing moved now."


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "public_id", "wallet", "kind", "change", "after", "description"]
    list_filter = ["kind", "book", "created_at"]
    list_select_related = ["wallet__account"]
    search_fields = ["=public_id", "=key", "=reference", "=wallet__account__public_id"]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(description="amount")
    def change(self, transfer: Transfer) -> str:
        return format_change(transfer.amount_micros)

    @admin.display(description="balance after")
    def after(self, transfer: Transfer) -> str:
        return format_money(transfer.balance_after_micros)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "public_id", "wallet", "state", "amount", "expires_at", "key"]
    list_filter = ["state", "created_at"]
    list_select_related = ["wallet__account"]
    search_fields = ["=public_id", "=key", "=wallet__account__public_id"]
    ordering = ["-id"]
    show_full_result_count = False

    def amount(self, hold: Hold) -> str:
        return format_money(hold.amount_micros)


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "public_id", "user", "amount", "state", "problem"]
    list_filter = ["status", "created_at"]
    list_select_related = ["user"]
    search_fields = [
        "=public_id",
        "=account__public_id",
        "user__email",
        "=stripe_session_id",
        "=stripe_payment_intent_id",
    ]
    exclude = ["checkout_url", "idempotency_key"]
    ordering = ["-id"]
    actions = ["refund", "ask"]

    def amount(self, topup: TopUp) -> str:
        return format_money(topup.amount_micros)

    def state(self, topup: TopUp) -> str:
        return topup.page_status.replace("_", " ")

    def facts_of(self, request: HttpRequest, row: TopUp) -> dict[str, str]:
        alone = format_money(settings.SECOND_PERSON_ABOVE_CENTS * MICROS_PER_CENT)
        available_micros = balance_of(row.account).available_micros
        return {
            **super().facts_of(request, row),
            "Paid": f"{self.amount(row)}, {format_when(row.paid_at)}"
            if row.paid_at
            else "not paid",
            "Refunded": format_money(row.refunded_micros),
            "Can be refunded": format_money(refundable_by_staff_micros(row)),
            "Available in the account": format_money(available_micros),
            "A second person confirms": f"a refund above {alone}",
        }

    def _large_refund(
        self, request: HttpRequest, queryset: QuerySet[TopUp], form: ReasonForm
    ) -> str:
        """Return the words of a refund that needs a second person, or nothing."""
        topup, cents = only_one(queryset), form.cleaned_data["amount"]
        if cents <= settings.SECOND_PERSON_ABOVE_CENTS:
            return ""
        # No one is asked to confirm what would be refused.
        check_refundable(cents * MICROS_PER_CENT, most_micros=refundable_by_staff_micros(topup))
        return f"{format_money(cents * MICROS_PER_CENT)} of {topup} back to the card"

    @action_with_reason(
        "Refund the payment",
        right="billing.refund_topup",
        form_class=AmountForm,
        consequence="The money leaves the balance at once and goes back to where it was "
        "paid from. Banks take five to ten days; it cannot be called back.",
        harms=True,
        second_person=_large_refund,
    )
    def refund(self, request: HttpRequest, queryset: QuerySet[TopUp], form: ReasonForm) -> str:
        topup = only_one(queryset)
        earlier = set(Refund.objects.filter(topup=topup).values_list("pk", flat=True))
        refund = start_refund(
            topup=topup,
            amount_micros=form.cleaned_data["amount"] * MICROS_PER_CENT,
            user=signed_in_user(request),
            reason=form.cleaned_data["reason"],
            by_staff=True,
            key=form.cleaned_data["key"],
            request=request,
        )
        topup.refresh_from_db()
        left = format_money(refundable_by_staff_micros(topup))
        state = refund.get_status_display()
        again = "This form was sent before; nothing moved now. "
        lead = again if refund.pk in earlier else ""
        return f"{lead}Refund {refund}: {state}. {left} of {topup} can still be refunded."

    @action_with_reason(
        "Ask Stripe now",
        right="billing.view_topup",
        consequence="If Stripe says that it was paid, the balance is credited, once.",
    )
    @recorded_as("topup.asked_about", message="{rows}")
    def ask(
        self, request: HttpRequest, queryset: QuerySet[TopUp], form: ReasonForm
    ) -> Iterator[RowResult]:
        for topup in queryset.select_related("account"):
            status = refresh_topup(topup, at_most_every=timedelta(0)).page_status.replace("_", " ")
            facts = {"topup": topup.public_id, "status": status}
            yield RowResult(topup.account, facts, words=f"Top-up {topup} is {status}")


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "public_id", "topup", "amount", "status", "reason", "problem"]
    list_filter = ["status", "created_at"]
    list_select_related = ["topup"]
    search_fields = [
        "=public_id",
        "=topup__public_id",
        "=topup__account__public_id",
        "=stripe_refund_id",
    ]
    ordering = ["-id"]

    def amount(self, refund: Refund) -> str:
        return format_money(refund.amount_micros)


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "stripe_id",
        "kind",
        "topup",
        "amount",
        "state",
        "reason",
        "answer_by",
        "at_stripe",
    ]
    list_filter = ["kind", "state", "created_at"]
    list_select_related = ["topup"]
    search_fields = ["=stripe_id", "=topup__public_id", "=topup__account__public_id"]
    ordering = ["-id"]
    actions = ["withdraw"]

    def amount(self, dispute: Dispute) -> str:
        return format_money(dispute.amount_micros)

    @admin.display(description="At Stripe")
    def at_stripe(self, dispute: Dispute) -> SafeString:
        return format_html('<a href="{}" rel="noreferrer">Open</a>', dispute.stripe_url)

    def facts_of(self, request: HttpRequest, row: Dispute) -> dict[str, str]:
        alone = format_money(settings.SECOND_PERSON_ABOVE_CENTS * MICROS_PER_CENT)
        return {
            **super().facts_of(request, row),
            "Amount": self.amount(row),
            "State": row.get_state_display(),
            "A second person confirms": f"a withdrawal above {alone}",
        }

    def _large_withdrawal(
        self, request: HttpRequest, queryset: QuerySet[Dispute], form: ReasonForm
    ) -> str:
        """Return the words of a withdrawal that needs a second person, or nothing."""
        warning = only_one(queryset)
        # No one is asked to confirm what would be refused, or moves nothing.
        is_open = warning.kind == Dispute.Kind.WARNING and warning.state < Dispute.State.WITHDRAWN
        if (
            not is_open
            or warning.amount_micros <= settings.SECOND_PERSON_ABOVE_CENTS * MICROS_PER_CENT
        ):
            return ""
        return f"{self.amount(warning)} of {warning.topup} back into the balance: no warning"

    @action_with_reason(
        "Withdraw the warning",
        right="billing.refund_topup",
        consequence="The money that the warning took comes back, and the account is thawed.",
        second_person=_large_withdrawal,
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Dispute], form: ReasonForm) -> str:
        warning = only_one(queryset)
        is_new = withdraw_warning(
            warning,
            staff=signed_in_user(request),
            reason=form.cleaned_data["reason"],
            request=request,
        )
        if not is_new:
            return f"The warning about {warning.topup} was withdrawn before; nothing moved now."
        return f"The warning about {warning.topup} no longer takes its money."


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "stripe_id", "kind", "outcome", "reference", "note"]
    list_filter = ["outcome", "kind", "received_at"]
    search_fields = ["=stripe_id", "=reference"]
    ordering = ["-id"]
    actions = ["apply_again"]

    @action_with_reason(
        "Apply again",
        right="billing.replay_stripeevent",
        consequence="What the event says is applied; repeated, the result is the same.",
    )
    @recorded_as("stripe_event.applied_again", message="{rows}")
    def apply_again(
        self, request: HttpRequest, queryset: QuerySet[StripeEvent], form: ReasonForm
    ) -> Iterator[RowResult]:
        for event in queryset.order_by("stripe_created_at", "id"):
            try:
                outcome: str = events.replay_event(event).label
            except ValueError:
                outcome = "cannot be read"
            event.refresh_from_db()
            topup = TopUp.objects.filter(public_id=event.reference).first()
            facts = {"event": event.stripe_id, "outcome": outcome}
            account = topup.account if topup else None
            yield RowResult(account, facts, words=f"Event {event}: {outcome}")


@admin.register(AuditReport)
class AuditReportAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "subject", "day", "difference_count"]
    list_filter = ["subject", "created_at"]
    ordering = ["-id"]
