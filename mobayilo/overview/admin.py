"""The admin's pages that need several apps: the screen of an account, the search, Today."""

from collections.abc import Callable
from datetime import UTC
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html

from accounts.access import signed_in_user
from accounts.admin import AccountAdmin, UserAdmin
from accounts.models import Account, User
from accounts.secrets import hide_tokens_in
from accounts.staff.base import ReadOnlyAdmin, ReasonForm, action_with_reason, record_look
from billing.ledger import balance_of
from mobayilo.lib.money import MICROS_PER_CENT
from mobayilo.overview.models import FailedRequest, PeriodicJob
from mobayilo.overview.support import dashboard
from mobayilo.overview.support.account import (
    account_buttons,
    account_facts,
    account_tables,
    read_account,
    zone_of,
)
from mobayilo.overview.support.search import accounts_of, find
from mobayilo.overview.support.tables import change_url
from telephony.models import AccountLimits, OpenedDestination
from telephony.phones.caller_ids import set_asks_for_key

View = Callable[..., HttpResponse]


@admin.register(Account)
class SupportAccountAdmin(AccountAdmin):
    """The list of accounts, their actions, and the screen of one account.

    It replaces the admin of `accounts.admin`, which cannot read billing and telephony.
    """

    actions = [*AccountAdmin.actions, "ask_for_key", "ask_for_no_key"]

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("search/", self._guarded(self.search), name="support-search"),
            path("today/", self._guarded(self.today), name="support-today"),
        ]
        return [*pages, *super().get_urls()]

    def _guarded(self, view: View) -> View:
        """Return a view as a page of the admin, for staff who may look at accounts.

        The page raises PermissionDenied for anyone else.
        """

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        page = self.admin_site.admin_view(update_wrapper(inner, view))
        page.model_admin = self  # type: ignore[attr-defined]  # as Django marks its own pages
        return page

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        account_and_users = read_account(int(object_id)) if object_id.isdecimal() else None
        if account_and_users is None:
            raise Http404
        account, users = account_and_users
        record_look(request, account)
        zone = zone_of(account)
        times_in = zone if request.GET.get("times") == "customer" else None
        with timezone.override(times_in or UTC):
            context = {
                **self.admin_site.each_context(request),
                "title": ", ".join(user.email for user in users) or f"Account {account}",
                "opts": self.opts,
                "account": account,
                "zone": zone,
                "times_in": times_in,
                "facts": account_facts(account, zone),
                "buttons": account_buttons(request, account),
                "tables": list(account_tables(request, account, users)),
                "may_open": _may_add(OpenedDestination, request),
                "may_limit": _may_add(AccountLimits, request),
            }
            # Rendered inside the block, so that its time zone holds for the times on the page.
            return render(request, "overview/support_account.html", context)

    def facts_of(self, request: HttpRequest, row: Account) -> dict[str, str]:
        return {**super().facts_of(request, row), **account_facts(row, zone_of(row))}

    def search(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the account if only one was found; otherwise list the matches."""
        text = request.GET.get("q", "").replace("\x00", "").strip()[:120]
        matches = find(text)
        if text:
            record_look(request, page="search", query=text)
        accounts = accounts_of(matches)
        if len(accounts) == 1 and all(match.account for match in matches):
            for match in matches[:3]:
                link = format_html(
                    'Found: <a href="{}">{} {}</a>', match.url, match.kind, match.label
                )
                messages.info(request, link)
            return redirect(change_url(accounts[0]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Search",
            "opts": self.opts,
            "q": hide_tokens_in(text),
            "matches": [(match, match.account and change_url(match.account)) for match in matches],
        }
        return TemplateResponse(request, "overview/support_found.html", context)

    @action_with_reason(
        "Ask for a key before the other phone rings",
        right="telephony.switch_question",
        consequence="Their phone asks them to press 1, so that no voicemail of theirs places a "
        "call. They may switch it off again.",
    )
    def ask_for_key(
        self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm
    ) -> str:
        return _switch_question(request, queryset, form, asks=True)

    @action_with_reason(
        "Ask for no key: for phones whose keys do not arrive",
        right="telephony.switch_question",
        consequence="The other phone rings as soon as theirs is picked up, also by a voicemail of "
        "theirs, and such a call costs them what others cost.",
    )
    def ask_for_no_key(
        self, request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm
    ) -> str:
        return _switch_question(request, queryset, form, asks=False)

    def today(self, request: HttpRequest) -> HttpResponse:
        """Show the figures that operators look at every day."""
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "title": "Today",
            "opts": self.opts,
            "stuck": dashboard.stuck(now),
            "calls": dashboard.calls_by_hour(now),
            "went_wrong": dashboard.failures_by_code(now),
            "money": dashboard.money_by_day(now),
        }
        return TemplateResponse(request, "overview/support_dashboard.html", context)


def _switch_question(
    request: HttpRequest, queryset: QuerySet[Account], form: ReasonForm, *, asks: bool
) -> str:
    """Have calls of the accounts ask for a key, or not; return in words how many changed."""
    accounts = list(queryset.exclude(asks_for_key=asks))
    for account in accounts:
        set_asks_for_key(
            user=signed_in_user(request), account=account, asks=asks, request=request,
            reason=form.cleaned_data["reason"],
        )  # fmt: skip
    return f"{len(accounts)} switched {'on' if asks else 'off'}."


def _may_add(model: type[Model], request: HttpRequest) -> bool:
    return admin.site.get_model_admin(model).has_add_permission(request)


@admin.register(User)
class SupportUserAdmin(UserAdmin):
    """The list of users, their actions, and the forms of a user."""

    def second_person(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - the form of any page
        """Return the words of a form that someone else has to confirm, or nothing.

        A user who is added to an account may spend all that it has.
        """
        account = form.cleaned_data.get("account_id")
        if account is None:
            return super().second_person(request, form)
        most_micros = settings.SECOND_PERSON_ABOVE_CENTS * MICROS_PER_CENT
        if balance_of(account).balance_micros <= most_micros:
            return ""
        return f"User {form.cleaned_data['email']} added to {account}"


@admin.register(PeriodicJob)
class PeriodicJobAdmin(ReadOnlyAdmin):
    list_display = ["name", "next_run_at", "last_ended_at", "last_error"]
    ordering = ["name"]


@admin.register(FailedRequest)
class FailedRequestAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "account", "code", "status", "method", "route", "request_id"]
    list_filter = ["code", "created_at"]
    list_select_related = ["account"]
    search_fields = ["=account__public_id", "=code", "=request_id", "route"]
    ordering = ["-id"]
