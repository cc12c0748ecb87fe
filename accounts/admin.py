"""Accounts, users and tokens as support sees them. No secret is shown, no row is edited by hand."""

from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.access import signed_in_user
from accounts.models import (
    AccessToken,
    AccessTokenQuerySet,
    Account,
    AuditEvent,
    DeviceLogin,
    OutboxMail,
    PendingAct,
    User,
)
from accounts.oauth.device_login import end_logins
from accounts.staff import second_person, support
from accounts.staff.base import (
    AccountField,
    ReadOnlyAdmin,
    ReasonedForm,
    ReasonForm,
    action_with_reason,
)
from accounts.staff.second_person import refuse_self_and_colleagues
from accounts.tokens.lifecycle import LONGEST_DAYS, outlasting, revoke_tokens
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_when


class PolicyForm(ReasonForm):
    """The longest life of an account's tokens, and whether tokens that exist are cut to it."""

    max_days = forms.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, required=False, help_text="Empty: as the settings say."
    )
    cut = forms.BooleanField(
        required=False, label="Cut tokens that exist", help_text="The numbers are shown first."
    )
    preview_only = forms.BooleanField(required=False, label="Only count what this would cut")


class AccountAdmin(ReadOnlyAdmin):
    """The list of accounts and its actions.

    `mobayilo.overview.admin` registers it, with a page of one account that shows other apps' rows.
    """

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

    @action_with_reason(
        "Freeze: no calls, no top-ups",
        right="accounts.freeze_account",
        consequence="No new calls and no top-ups until it is thawed; the money stays. Its "
        "users read the reason, in a mail and on every page. A call that runs goes on until it is "
        "ended.",
        harms=True,
    )
    def freeze(self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        count = sum(support.freeze(row, reason=reason, request=request) for row in queryset)
        return f"{count} frozen."

    @action_with_reason(
        "Thaw",
        right="accounts.freeze_account",
        consequence="The account calls and tops up again at once. Its users read the reason "
        "in a mail.",
    )
    def thaw(self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        count = sum(support.thaw(row, reason=reason, request=request) for row in queryset)
        return f"{count} thawed."

    @action_with_reason(
        "Set how long tokens may live", right="accounts.tighten_tokens", form_class=PolicyForm
    )
    def tighten(
        self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm
    ) -> str | dict[str, str]:
        fields = form.cleaned_data
        max_days = fields["max_days"]
        if fields["preview_only"] and max_days is None:
            return {"Nothing would be cut": "No limit of days is given."}
        if fields["preview_only"]:
            return {
                account.public_id: f"{outlasting(account, max_days=max_days).count()}"
                " tokens would be cut"
                for account in queryset
            }
        cut = sum(
            support.tighten_token_policy(
                account,
                max_days=max_days,
                cut=fields["cut"],
                reason=fields["reason"],
                request=request,
            )
            for account in queryset
        )
        return f"Set; {cut} tokens end earlier."

    @action_with_reason(
        "Revoke all tokens",
        right="accounts.revoke_accesstoken",
        consequence="Every terminal and script of the account stops working at once. It cannot be "
        "undone: they sign in again.",
        harms=True,
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm) -> str:
        end_logins(User.objects.filter(account__in=queryset))
        tokens = AccessToken.objects.live().filter(user__account__in=queryset)
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

    @action_with_reason(
        "Revoke",
        right="accounts.revoke_accesstoken",
        consequence="The token stops working at once, and cannot be made to work again.",
        harms=True,
    )
    def revoke(
        self, request: HttpRequest, queryset: QuerySet[AccessToken], form: ReasonForm
    ) -> str:
        tokens = AccessToken.objects.filter(pk__in=queryset)
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

    @action_with_reason(
        "Send again",
        right="accounts.resend_outboxmail",
        consequence="The same mail goes to the same address within a minute, with fresh links.",
    )
    def send_again(
        self, request: HttpRequest, queryset: QuerySet[OutboxMail], form: ReasonForm
    ) -> str:
        for mail in queryset.select_related("user__account"):
            support.send_again(mail, reason=form.cleaned_data["reason"], request=request)
        return "Queued; they go out within a minute."


def _revoke(request: HttpRequest, tokens: AccessTokenQuerySet, form: ReasonForm) -> str:
    revoked_count = revoke_tokens(
        tokens,
        actor=signed_in_user(request),
        reason="revoked by support",
        request=request,
        why=form.cleaned_data["reason"],
    )
    return f"{revoked_count} tokens revoked."


class NewUserForm(ReasonedForm):
    """The form by which support adds a user. A mail has the link to set a password."""

    account_id = AccountField(required=False, help_text="acct_…; empty: an account of their own.")

    class Meta:
        model = User
        fields = ["email"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        email, account = cleaned.get("email", ""), cleaned.get("account_id")
        if email and (problem := support.problem_with_new_address(email, account=account)):
            self.add_error("email", problem)
        return cleaned


@admin.register(PendingAct)
class PendingActAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "words", "account", "asked_by", "state", "decided_by"]
    list_filter = ["state", "created_at"]
    list_select_related = ["account", "asked_by", "decided_by"]
    search_fields = ["=account__public_id", "asked_by__email"]
    exclude = ["fields", "key"]
    actions = ["confirm", "refuse"]
    ordering = ["-id"]

    def facts_of(self, request: HttpRequest, row: PendingAct) -> dict[str, str]:
        """Return who asked and why, and the facts that the page of the act itself shows."""
        page: Any = self.admin_site.get_model_admin(apps.get_model(row.page))
        subject = page.get_queryset(request).filter(pk=row.row).first()
        facts: dict[str, str] = {"Asked by": f"{row.asked_by}, {format_when(row.created_at)}"}
        if row.action == second_person.SAVED:
            facts |= page.facts_of_form(page.sent_form(request, row.fields, subject))
        else:
            facts["Reason"] = str(row.fields.get("reason", ""))
            facts["Reference"] = str(row.fields.get("reference", "")) or "none"
        if subject is not None:
            facts |= page.facts_of(request, subject)
        elif row.account is not None:
            facts |= page.facts_of_account(request, row.account)
        return facts

    @action_with_reason(
        "Confirm",
        right="accounts.confirm_pendingact",
        consequence="It is done at once, within your own limits; you answer for it.",
    )
    def confirm(
        self, request: HttpRequest, queryset: QuerySet[PendingAct], form: ReasonForm
    ) -> str:
        reason = form.cleaned_data["reason"]
        acts = queryset.select_related("asked_by", "account")
        done = [second_person.confirm(act, reason=reason, request=request) for act in acts]
        return " ".join(done)

    @action_with_reason(
        "Refuse",
        right="accounts.confirm_pendingact",
        consequence="Nothing is done, and it cannot be confirmed any more.",
    )
    def refuse(self, request: HttpRequest, queryset: QuerySet[PendingAct], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        acts = queryset.select_related("asked_by", "account")
        return " ".join(second_person.refuse(act, reason=reason, request=request) for act in acts)


RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


def _rights(fields: Mapping[str, Any]) -> set[str]:
    """Return the words of the rights that a form, or its initial values, give to a user."""
    flags = {name for name in ("active", "staff", "superuser") if fields[f"is_{name}"]}
    return flags | {f"group {group.name}" for group in fields["groups"]}


class UserAdmin(ReadOnlyAdmin):
    """The list of users and its actions.

    `mobayilo.overview.admin` registers it, which can read what an account has.
    """

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

    def facts_of(self, request: HttpRequest, row: User) -> dict[str, str]:
        factors = Authenticator.objects.filter(user=row).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return {
            **super().facts_of(request, row),
            "Last sign-in": format_when(row.last_login) if row.last_login else "never",
            "Second factor": ", ".join(one.get_type_display() for one in factors) or "none",
            "Browsers signed in": str(UserSession.objects.filter(user=row).count()),
            "Tokens that work": str(AccessToken.objects.live().for_user(row).count()),
        }

    @admin.display(description="tokens ever", ordering="token_count")
    def tokens(self, user: User) -> int:
        return int(vars(user)["token_count"])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - Django's own signature
        """Let only superusers decide who is staff, and in which group."""
        return bool(request.user.is_active and request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        if obj is None:
            return ["email", "account_id", "reason", "key"]
        reason = ["reason", "key"] if self.has_change_permission(request, obj) else []
        return ["email", "account", *RIGHTS, *reason, *self.readonly_fields]

    def get_form(
        self,
        request: HttpRequest,
        obj: models.Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:  # noqa: ANN401 - Django's own signature
        if obj is not None and self.has_change_permission(request, obj):
            kwargs["form"] = ReasonedForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ANN401 - Django's own signature
        return [] if obj is None else ["email", "account", *self.readonly_fields]

    def second_person(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - the form of any page
        """Return the words of rights of staff that are given; those taken away go at once."""
        user, fields = form.instance, form.cleaned_data
        if "is_staff" not in fields:
            return ""
        before = _rights(form.initial)
        after = _rights(fields)
        if not after - before - {"active"}:
            return ""
        superusers = User.objects.filter(is_superuser=True, is_active=True)
        if not superusers.exclude(pk__in=[signed_in_user(request).pk, user.pk]).exists():
            words = "Another superuser has to confirm this, and there is none."
            hint = "The command manage.py createsuperuser makes one."
            raise ProductError("insufficient_scope", words, hint=hint)
        changes = [
            *sorted(after - before),
            *(f"no longer {right}" for right in sorted(before - after)),
        ]
        return f"Rights of {user}: {', '.join(changes)}"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: ANN401 - Django's own signature
        reason = form.cleaned_data["reason"]
        if not change:
            account = form.cleaned_data["account_id"]
            new_user = support.add_user(obj.email, account=account, reason=reason, request=request)
            obj.pk, obj.account = new_user.pk, new_user.account
            return
        refuse_self_and_colleagues(signed_in_user(request), [obj.account])
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name in RIGHTS]
        support.record_rights(obj, changed=changed, reason=reason, request=request)

    @action_with_reason(
        "Sign out of all browsers",
        right="accounts.end_sessions",
        consequence="Every browser of the user is signed out at once. Tokens go on working.",
        harms=True,
    )
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        count = sum(support.end_sessions(user, reason=reason, request=request) for user in queryset)
        return f"{count} browser sessions ended."

    @action_with_reason(
        "Remove second factor and passkeys",
        right="accounts.remove_second_factor",
        consequence="The password alone signs the user in until a new factor is set up. All "
        "browsers are signed out, and every user of the account gets a mail.",
        harms=True,
    )
    def remove_second_factor(
        self, request: HttpRequest, queryset: QuerySet[User], form: ReasonForm
    ) -> str:
        reason = form.cleaned_data["reason"]
        removed = sum(
            support.remove_second_factor(user, reason=reason, request=request) for user in queryset
        )
        return f"{removed} removed; the user gets a mail." if removed else "There was none."

    @action_with_reason(
        "Lock: no sign-in, no sessions, no tokens",
        right="accounts.lock_user",
        consequence="The user is out at once, in browsers and terminals. Tokens stay revoked when "
        "the user is unlocked. Every user of the account gets a mail.",
        harms=True,
    )
    def lock(self, request: HttpRequest, queryset: QuerySet[User], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        count = sum(support.lock(user, reason=reason, request=request) for user in queryset)
        return f"{count} locked." if count else "Locked before; sessions and tokens ended again."

    @action_with_reason(
        "Unlock",
        right="accounts.lock_user",
        consequence="The user signs in again with the old password. Every user of the account "
        "gets a mail.",
    )
    def unlock(self, request: HttpRequest, queryset: QuerySet[User], form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        count = sum(support.unlock(user, reason=reason, request=request) for user in queryset)
        return f"{count} unlocked." if count else "Not locked; nothing was done."


# The pages that allauth registers show a session's key and a second factor's data, and let an
# address be confirmed without a reason.
admin.site.unregister(EmailAddress)
admin.site.unregister(UserSession)
admin.site.unregister(Authenticator)
# The rights of a group are a table in the code, so that a change has a commit and a release.
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    list_display = ["name"]
    fields = ["name", "permissions"]


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
