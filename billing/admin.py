"""Money as support sees it: everything to look at, nothing to change by hand."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

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
from mobayilo.lib.formatting import format_change, format_money


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # no class of generics at run time
    """Rows that only the product's own operations write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Wallet)
class WalletAdmin(LookOnly):
    list_display = ["account", "balance", "held", "available"]
    list_select_related = ["account"]
    search_fields = ["account__public_id", "account__users__email"]

    @admin.display(ordering="balance_micros")
    def balance(self, wallet: Wallet) -> str:
        return format_money(wallet.balance_micros)

    @admin.display(ordering="held_micros")
    def held(self, wallet: Wallet) -> str:
        return format_money(wallet.held_micros)

    def available(self, wallet: Wallet) -> str:
        return format_money(wallet.available_micros)


@admin.register(Transfer)
class TransferAdmin(LookOnly):
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
class HoldAdmin(LookOnly):
    list_display = ["created_at", "public_id", "wallet", "state", "amount", "expires_at", "key"]
    list_filter = ["state", "created_at"]
    list_select_related = ["wallet__account"]
    search_fields = ["=public_id", "=key", "=wallet__account__public_id"]
    ordering = ["-id"]
    show_full_result_count = False

    def amount(self, hold: Hold) -> str:
        return format_money(hold.amount_micros)


@admin.register(TopUp)
class TopUpAdmin(LookOnly):
    list_display = ["created_at", "public_id", "user", "amount", "shown_status", "problem"]
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

    def amount(self, topup: TopUp) -> str:
        return format_money(topup.amount_micros)


@admin.register(Refund)
class RefundAdmin(LookOnly):
    list_display = ["created_at", "public_id", "topup", "amount", "status", "reason", "problem"]
    list_filter = ["status", "created_at"]
    list_select_related = ["topup"]
    search_fields = ["=public_id", "=topup__public_id", "=stripe_refund_id"]
    ordering = ["-id"]

    def amount(self, refund: Refund) -> str:
        return format_money(refund.amount_micros)


@admin.register(Dispute)
class DisputeAdmin(LookOnly):
    list_display = ["created_at", "stripe_id", "kind", "topup", "amount", "state", "reason"]
    list_filter = ["kind", "state", "created_at"]
    list_select_related = ["topup"]
    search_fields = ["=stripe_id", "=topup__public_id", "=topup__account__public_id"]
    ordering = ["-id"]

    def amount(self, dispute: Dispute) -> str:
        return format_money(dispute.amount_micros)


@admin.register(StripeEvent)
class StripeEventAdmin(LookOnly):
    list_display = ["received_at", "stripe_id", "kind", "outcome", "reference", "note"]
    list_filter = ["outcome", "kind", "received_at"]
    search_fields = ["=stripe_id", "=reference"]
    ordering = ["-id"]


@admin.register(AuditReport)
class AuditReportAdmin(LookOnly):
    list_display = ["created_at", "subject", "day", "difference_count"]
    list_filter = ["subject", "created_at"]
    ordering = ["-id"]
