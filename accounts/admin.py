"""Accounts as support sees them. Nothing secret is shown, nothing is edited by hand.

Users and what allauth keeps of them have pages of their own, in `admin_users`.
"""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.access import signed_in_user
from accounts.models import (
    AccessToken,
    AccessTokenQuerySet,
    Account,
    AuditEvent,
    DeviceLogin,
    OutboxMail,
    User,
)
from accounts.oauth.device_login import end_logins
from accounts.staff import support
from accounts.staff.base import ReadOnlyAdmin, ReasonForm, action_with_reason
from accounts.staff.users import UserAdmin
from accounts.tokens.lifecycle import revoke_tokens
from accounts.tokens.policy import LONGEST_DAYS, outlasting

# Importing registers; Django looks for `admin` alone.
__all__ = ["AccountAdmin", "UserAdmin"]


class PolicyForm(ReasonForm):
    """How long tokens may live, and what becomes of those that live longer."""

    max_days = forms.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, required=False, help_text="Empty: as the settings say."
    )
    cut = forms.BooleanField(
        required=False, label="Cut tokens that exist", help_text="The numbers are shown first."
    )
    preview_only = forms.BooleanField(required=False, label="Only count what this would cut")


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "people", "frozen_at", "token_max_days", "created_at"]
    list_filter = [("frozen_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["=public_id", "users__email"]
    readonly_fields = ["people"]
    actions = ["freeze", "thaw", "tighten", "revoke"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.prefetch_related("users")

    @admin.display(description="users")
    def people(self, account: Account) -> str:
        return ", ".join(user.email for user in account.users.all())

    @action_with_reason("Freeze: no calls, no top-ups", right="accounts.freeze_account")
    def freeze(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        done = sum(support.freeze(row, reason=reason, request=request) for row in chosen)
        return f"{done} frozen."

    @action_with_reason("Thaw", right="accounts.freeze_account")
    def thaw(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        done = sum(support.thaw(row, reason=reason, request=request) for row in chosen)
        return f"{done} thawed."

    @action_with_reason(
        "Set how long tokens may live", right="accounts.tighten_tokens", form_class=PolicyForm
    )
    def tighten(
        self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm
    ) -> str | dict[str, str]:
        wanted = form.cleaned_data
        if wanted["preview_only"]:
            return _would_cut(chosen, wanted["max_days"])
        cut = sum(
            support.tighten_token_policy(
                account,
                max_days=wanted["max_days"],
                cut=wanted["cut"],
                reason=wanted["reason"],
                request=request,
            )
            for account in chosen
        )
        return f"Set; {cut} tokens end earlier."

    @action_with_reason("Revoke all tokens", right="accounts.revoke_accesstoken")
    def revoke(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        end_logins(User.objects.filter(account__in=chosen))
        tokens = AccessToken.objects.live().filter(user__account__in=chosen)
        return _revoke(request, tokens, form)


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyAdmin):
    list_display = [
        "public_id",
        "user",
        "name",
        "kind",
        "last_four",
        "expires_at",
        "revoked_at",
        "last_used_at",
    ]
    list_filter = ["kind", ("revoked_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["user"]
    search_fields = ["=public_id", "=last_four", "=line", "user__email", "name"]
    exclude = ["digest"]
    actions = ["revoke"]
    ordering = ["-id"]

    @action_with_reason("Revoke", right="accounts.revoke_accesstoken")
    def revoke(self, request: HttpRequest, chosen: QuerySet[AccessToken], form: ReasonForm) -> str:
        tokens = AccessToken.objects.filter(pk__in=chosen)
        return _revoke(request, tokens, form)


@admin.register(DeviceLogin)
class DeviceLoginAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "state", "client_id", "device_name", "ip", "user", "expires_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "=ip", "device_name", "=token__public_id"]
    exclude = ["device_code_digest", "user_code_digest"]
    ordering = ["-id"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "action", "account", "user", "via", "ip", "token_public_id"]
    list_filter = ["action", "via", "created_at"]
    list_select_related = ["account", "user"]
    search_fields = ["=account__public_id", "user__email", "=token_public_id", "=request_id", "=ip"]
    ordering = ["-id"]


@admin.register(OutboxMail)
class OutboxMailAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "template", "sent_at", "attempts", "last_error"]
    list_filter = ["template", ("sent_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__email", "key"]
    actions = ["send_again"]
    ordering = ["-id"]

    @action_with_reason("Send again", right="accounts.resend_outboxmail")
    def send_again(
        self, request: HttpRequest, chosen: QuerySet[OutboxMail], form: ReasonForm
    ) -> str:
        for mail in chosen.select_related("user__account"):
            support.send_again(mail, reason=form.cleaned_data["reason"], request=request)
        return "Queued; they go out within a minute."


def _revoke(request: HttpRequest, tokens: AccessTokenQuerySet, form: ReasonForm) -> str:
    ended = revoke_tokens(
        tokens,
        actor=signed_in_user(request),
        reason="revoked by support",
        request=request,
        why=form.cleaned_data["reason"],
    )
    return f"{ended} tokens revoked."


def _would_cut(chosen: QuerySet[Account], max_days: int | None) -> dict[str, str]:
    if max_days is None:
        return {"Nothing would be cut": "No limit of days is given."}
    return {
        account.public_id: f"{outlasting(account, max_days=max_days).count()} tokens would be cut"
        for account in chosen
    }
