"""Accounts as support sees them. Nothing secret is shown, nothing is edited by hand."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts import support
from accounts.admin_base import LookOnlyAdmin, ReasonForm, reasoned
from accounts.audit import record
from accounts.device_login import end_logins
from accounts.models import (
    AccessToken,
    AccessTokenQuerySet,
    Account,
    AuditEvent,
    DeviceLogin,
    OutboxMail,
    User,
)
from accounts.token_policy import LONGEST_DAYS, outlasting
from accounts.tokens import revoke_tokens


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
class AccountAdmin(LookOnlyAdmin):
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

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.freeze_account")

    def has_tighten_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.tighten_tokens")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.revoke_accesstoken")

    @reasoned("Freeze: no calls, no top-ups", permission="freeze")
    def freeze(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        done = sum(support.freeze(row, reason=reason, request=request) for row in chosen)
        return f"{done} frozen."

    @reasoned("Thaw", permission="freeze")
    def thaw(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        done = sum(support.thaw(row, reason=reason, request=request) for row in chosen)
        return f"{done} thawed."

    @reasoned("Set how long tokens may live", permission="tighten", form_class=PolicyForm)
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

    @reasoned("Revoke all tokens", permission="revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[Account], form: ReasonForm) -> str:
        end_logins(User.objects.filter(account__in=chosen))
        tokens = AccessToken.objects.live().filter(user__account__in=chosen)
        return _revoke(request, tokens, form)


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """A user whom support adds; they set a password by mail."""

    class Meta:
        model = User
        fields = ["email", "account"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "account" in self.fields:
            self.fields["account"].required = False
            self.fields["account"].help_text = "Empty: an account of their own."

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


@admin.register(User)
class UserAdmin(LookOnlyAdmin):
    form = NewUserForm
    list_display = ["email", "account", "is_active", "is_staff", "tokens", "created_at"]
    list_filter = ["is_active", "is_staff"]
    list_select_related = ["account"]
    search_fields = ["email", "=account__public_id"]
    readonly_fields = ["created_at", "last_login", "tokens_in_question_at"]
    filter_horizontal = ["groups"]
    actions = ["end_sessions", "lock", "unlock"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(token_count=Count("access_tokens"))

    @admin.display(description="tokens ever", ordering="token_count")
    def tokens(self, user: User) -> int:
        return int(vars(user)["token_count"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - Django's own signature
        """Who is staff, and in which group, is for superusers to say."""
        return bool(request.user.is_active and request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        if obj is None:
            return ["email", "account"]
        return ["email", "account", *RIGHTS, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        return [] if obj is None else ["email", "account", *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: ANN401 - Django's own signature
        if not change:
            account = obj.account if obj.account_id else None
            made = support.add_user(obj.email, account=account, request=request)
            obj.pk, obj.account = made.pk, made.account
            return
        super().save_model(request, obj, form, change)
        changed = list(form.changed_data)
        staff = _staff(request)
        facts = {"of": obj.email, "changed": changed}
        record(
            "user.changed", account=obj.account, user=staff, request=request, token=None, **facts
        )

    def has_sessions_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.end_sessions")

    def has_lock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.lock_user")

    @reasoned("Sign out of all browsers", permission="sessions")
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        ended = sum(support.end_sessions(user, reason=reason, request=request) for user in chosen)
        return f"{ended} browser sessions ended."

    @reasoned("Lock: no sign-in, no sessions, no tokens", permission="lock")
    def lock(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        for user in chosen:
            support.lock(user, reason=form.cleaned_data["reason"], request=request)
        return "Locked."

    @reasoned("Unlock", permission="lock")
    def unlock(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        for user in chosen:
            support.unlock(user, reason=form.cleaned_data["reason"], request=request)
        return "Unlocked."


@admin.register(AccessToken)
class AccessTokenAdmin(LookOnlyAdmin):
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

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.revoke_accesstoken")

    @reasoned("Revoke", permission="revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[AccessToken], form: ReasonForm) -> str:
        tokens = AccessToken.objects.filter(pk__in=chosen)
        return _revoke(request, tokens, form)


@admin.register(DeviceLogin)
class DeviceLoginAdmin(LookOnlyAdmin):
    list_display = ["created_at", "state", "client_id", "device_name", "ip", "user", "expires_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "=ip", "device_name", "=token__public_id"]
    exclude = ["device_code_digest", "user_code_digest"]
    ordering = ["-id"]


@admin.register(AuditEvent)
class AuditEventAdmin(LookOnlyAdmin):
    list_display = ["created_at", "action", "account", "user", "via", "ip", "token_public_id"]
    list_filter = ["action", "via", "created_at"]
    list_select_related = ["account", "user"]
    search_fields = ["=account__public_id", "user__email", "=token_public_id", "=request_id", "=ip"]
    ordering = ["-id"]


@admin.register(OutboxMail)
class OutboxMailAdmin(LookOnlyAdmin):
    list_display = ["created_at", "user", "template", "sent_at", "attempts", "last_error"]
    list_filter = ["template", ("sent_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__email", "key"]
    actions = ["send_again"]
    ordering = ["-id"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.resend_outboxmail")

    @reasoned("Send again", permission="resend")
    def send_again(
        self, request: HttpRequest, chosen: QuerySet[OutboxMail], form: ReasonForm
    ) -> str:
        for mail in chosen.select_related("user__account"):
            support.send_again(mail, reason=form.cleaned_data["reason"], request=request)
        return "Queued; they go out within a minute."


# The pages that allauth registers show a session's key and a second factor's data.
admin.site.unregister(UserSession)
admin.site.unregister(Authenticator)


@admin.register(UserSession)
class UserSessionAdmin(LookOnlyAdmin):
    list_display = ["user", "created_at", "last_seen_at", "ip", "user_agent"]
    search_fields = ["user__email", "=ip"]
    fields = ["user", "created_at", "last_seen_at", "ip", "user_agent"]


@admin.register(Authenticator)
class AuthenticatorAdmin(LookOnlyAdmin):
    list_display = ["user", "type", "created_at", "last_used_at"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]


def _revoke(request: HttpRequest, tokens: AccessTokenQuerySet, form: ReasonForm) -> str:
    ended = revoke_tokens(
        tokens,
        actor=_staff(request),
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


def _staff(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
