"""Calls and phones as support sees them: to look at, and a few actions that are recorded."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from mobayilo.lib.formatting import format_money
from telephony.models import (
    Call,
    CallerId,
    CallEvent,
    Rate,
    RateDeck,
    RefusedCall,
    Verification,
)


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # no class of generics at run time
    """Rows that only the product's own operations write."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


_EVENT_FIELDS = ("received_at", "kind", "sequence", "status", "call_sid", "payload")


class EventInline(admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = CallEvent
    fields = readonly_fields = _EVENT_FIELDS
    can_delete = False
    max_num = 0
    ordering = ["id"]


@admin.register(Call)
class CallAdmin(LookOnly):
    list_display = [
        "created_at",
        "public_id",
        "account",
        "from_e164",
        "to_e164",
        "state",
        "end_reason",
        "leg_b_seconds",
        "cost",
    ]
    list_filter = ["state", "end_reason", "to_country", "created_at"]
    list_select_related = ["account"]
    search_fields = [
        "=public_id",
        "=leg_a_sid",
        "=leg_b_sid",
        "to_e164__endswith",
        "from_e164__endswith",
        "=account__public_id",
        "account__users__email",
    ]
    ordering = ["-id"]
    inlines = [EventInline]

    @admin.display(description="cost")
    def cost(self, call: Call) -> str:
        return "" if call.cost_micros is None else format_money(call.cost_micros)


@admin.register(CallerId)
class CallerIdAdmin(LookOnly):
    list_display = [
        "e164",
        "account",
        "country",
        "is_default",
        "verified_at",
        "removed_at",
        "removed_reason",
    ]
    list_filter = ["country", "removed_reason"]
    list_select_related = ["account"]
    search_fields = ["=public_id", "e164__endswith", "=account__public_id", "account__users__email"]
    ordering = ["-id"]


@admin.register(Verification)
class VerificationAdmin(LookOnly):
    list_display = [
        "created_at",
        "e164",
        "account",
        "channel",
        "state",
        "failure_code",
        "attempts_left",
        "expires_at",
    ]
    list_filter = ["state", "failure_code", "channel"]
    list_select_related = ["account"]
    search_fields = ["=public_id", "e164__endswith", "=account__public_id", "account__users__email"]
    ordering = ["-id"]


@admin.register(RefusedCall)
class RefusedCallAdmin(LookOnly):
    list_display = ["created_at", "account", "user", "to_text", "code", "message", "request_id"]
    list_filter = ["code", "created_at"]
    list_select_related = ["account", "user"]
    search_fields = ["=account__public_id", "user__email", "to_text", "=code", "=request_id"]
    ordering = ["-id"]


@admin.register(RateDeck)
class RateDeckAdmin(LookOnly):
    list_display = [
        "id",
        "name",
        "row_count",
        "is_sample",
        "effective_from",
        "created_at",
        "withdrawn_at",
    ]
    ordering = ["-id"]


@admin.register(Rate)
class RateAdmin(LookOnly):
    list_display = [
        "prefix",
        "description",
        "country",
        "kind",
        "price",
        "first_seconds",
        "next_seconds",
        "effective_from",
        "deck",
    ]
    list_filter = ["kind", "deck"]
    list_select_related = ["deck"]
    search_fields = ["prefix__startswith", "description", "=country"]
    ordering = ["prefix"]

    @admin.display(ordering="micros_per_minute")
    def price(self, rate: Rate) -> str:
        return format_money(rate.micros_per_minute)
