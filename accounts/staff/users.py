"""Users as support sees them: who may sign in, by which proofs, and from which browsers."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.staff import support
from accounts.staff.base import (
    AccountField,
    ReadOnlyAdmin,
    ReasonForm,
    action_with_reason,
    reason_field,
)


class ReasonedUserForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """What is changed about a user, and why; kept with the event."""

    reason = reason_field()


class NewUserForm(ReasonedUserForm):
    """A user whom support adds; they set a password by mail."""

    of = AccountField(required=False, help_text="acct_…; empty: an account of their own.")

    class Meta:
        model = User
        fields = ["email"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        email, account = cleaned.get("email", ""), cleaned.get("of")
        if email and (problem := support.problem_with_new_address(email, account=account)):
            self.add_error("email", problem)
        return cleaned


RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["email", "account", "is_active", "is_staff", "tokens", "created_at"]
    list_filter = ["is_active", "is_staff"]
    list_select_related = ["account"]
    search_fields = ["email", "=account__public_id"]
    exclude = ["password"]
    readonly_fields = ["created_at", "last_login", "tokens_in_question_at"]
    filter_horizontal = ["groups"]
    actions = ["end_sessions", "remove_second_factor", "lock", "unlock"]
    ordering = ["-id"]
    add_form = NewUserForm
    add_right = "accounts.add_user"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(token_count=Count("access_tokens"))

    @admin.display(description="tokens ever", ordering="token_count")
    def tokens(self, user: User) -> int:
        return int(vars(user)["token_count"])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - Django's own signature
        """Who is staff, and in which group, is for superusers to say."""
        return bool(request.user.is_active and request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        if obj is None:
            return ["email", "of", "reason"]
        reason = ["reason"] if self.has_change_permission(request, obj) else []
        return ["email", "account", *RIGHTS, *reason, *self.readonly_fields]

    def get_form(
        self,
        request: HttpRequest,
        obj: models.Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:  # noqa: ANN401 - Django's own signature
        if obj is not None and self.has_change_permission(request, obj):
            kwargs["form"] = ReasonedUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        return [] if obj is None else ["email", "account", *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: ANN401 - Django's own signature
        reason = form.cleaned_data["reason"]
        if not change:
            account = form.cleaned_data["of"]
            made = support.add_user(obj.email, account=account, reason=reason, request=request)
            obj.pk, obj.account = made.pk, made.account
            return
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name != "reason"]
        support.note_rights(obj, changed=changed, reason=reason, request=request)

    @action_with_reason("Sign out of all browsers", right="accounts.end_sessions")
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        ended = sum(support.end_sessions(user, reason=reason, request=request) for user in chosen)
        return f"{ended} browser sessions ended."

    @action_with_reason("Remove second factor and passkeys", right="accounts.remove_second_factor")
    def remove_second_factor(
        self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm
    ) -> str:
        reason = form.cleaned_data["reason"]
        removed = sum(
            support.remove_second_factor(user, reason=reason, request=request) for user in chosen
        )
        return f"{removed} removed; a mail tells them." if removed else "There was none."

    @action_with_reason("Lock: no sign-in, no sessions, no tokens", right="accounts.lock_user")
    def lock(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        for user in chosen:
            support.lock(user, reason=form.cleaned_data["reason"], request=request)
        return "Locked."

    @action_with_reason("Unlock", right="accounts.lock_user")
    def unlock(self, request: HttpRequest, chosen: QuerySet[User], form: ReasonForm) -> str:
        for user in chosen:
            support.unlock(user, reason=form.cleaned_data["reason"], request=request)
        return "Unlocked."


# The pages that allauth registers show a session's key and a second factor's data, and let an
# address be confirmed without a reason.
admin.site.unregister(EmailAddress)
admin.site.unregister(UserSession)
admin.site.unregister(Authenticator)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ["email", "user", "primary", "verified"]
    list_filter = ["primary", "verified"]
    list_select_related = ["user"]
    search_fields = ["email", "user__email"]


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    list_display = ["user", "created_at", "last_seen_at", "ip", "user_agent"]
    search_fields = ["user__email", "=ip"]
    fields = ["user", "created_at", "last_seen_at", "ip", "user_agent"]
    exclude = ["session_key", "data"]


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    list_display = ["user", "type", "created_at", "last_used_at"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]
    exclude = ["data"]
