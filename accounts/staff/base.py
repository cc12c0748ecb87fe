"""The base of all admin pages: rows to look at, and actions that ask for a reason."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import signed_in_user
from accounts.audit import record
from accounts.models import Account
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_money


class ValuesFilter(admin.AllValuesFieldListFilter):
    """A filter by the values of a column, with a name for the empty value, so its link shows."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "none"}


class AccountField(forms.CharField):
    """An account by its `acct_…`; a list of every account would be too long to choose from."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, label="Account", **kwargs)

    def clean(self, value: Any) -> Account | None:  # noqa: ANN401 - Django's own signature
        text = super().clean(value)
        found = Account.objects.filter(public_id=text).first()
        if text and found is None:
            raise forms.ValidationError("There is no such account.")
        return found


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no class of generics at run time
    """Rows that only the product's own operations write."""

    show_full_result_count = False
    list_per_page = 30
    # The form of an operation that makes a row, and the right to use it, where staff may do so.
    add_form: type[forms.BaseModelForm] | None = None  # type: ignore[type-arg]  # no class of generics at run time
    add_right = ""

    def get_form(
        self,
        request: HttpRequest,
        obj: models.Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:  # noqa: ANN401 - Django's own signature
        if obj is None and self.add_form is not None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        """Return every column of a row that is not hidden, also those that no form fills in."""
        if obj is None or self.fields:
            return list(super().get_fields(request, obj))
        hidden = {self.opts.pk.name, *(self.exclude or ())}
        shown = [column for column in self.opts.concrete_fields if column.name not in hidden]
        return [as_money(one) if "micros" in one.name else one.name for one in shown]

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Any]:
        if obj is None:
            return list(super().get_readonly_fields(request, obj))
        return list(self.get_fields(request, obj))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - Django's own signature
        """Show the list with the scripts of its actions only; Django's set has 300 kB of jQuery."""
        scripts = forms.Media(js=["admin/js/core.js", "admin/js/actions.js"])
        return super().changelist_view(request, {**(extra_context or {}), "media": scripts})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Show a row, and record that the member of staff looked at this account's row."""
        response = super().change_view(request, object_id, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:
            account = _account_of(self.get_object(request, object_id))
            if account is not None:
                record(
                    "support.looked",
                    account=account,
                    user=signed_in_user(request),
                    request=request,
                    page=self.opts.model_name,
                    row=object_id,
                )
        return response

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse a filter by a hidden column: an address could guess it letter by letter."""
        hidden = lookup.partition("__")[0] in (self.exclude or ())
        return not hidden and super().lookup_allowed(lookup, value, request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions for which the member of staff has the right."""
        return {
            name: action
            for name, action in super().get_actions(request).items()
            if action and request.user.has_perm(getattr(action[0], "right", ""))
        }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.add_right) and request.user.has_perm(self.add_right)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def as_money(column: "models.Field[Any, Any]") -> Callable[[models.Model], str]:
    """Return an admin column that shows micro-dollars as the amount that customers see."""
    words = str(column.verbose_name).replace("micros per", "price per").removesuffix(" micros")

    @admin.display(description=words)
    def amount(row: models.Model) -> str:
        micros = getattr(row, column.name)
        return "-" if micros is None else format_money(micros)

    amount.__name__ = column.name
    return amount


def _account_of(row: object) -> Account | None:
    """Return the account that a row belongs to, found by its relations; None if it has none."""
    if row is None or isinstance(row, Account):
        return row
    owners = (getattr(row, name, None) for name in ("account", "user", "wallet", "topup"))
    return next((account for owner in owners if (account := _account_of(owner))), None)


def reason_field() -> forms.CharField:
    """Return the field for the reason of an action, which goes into the audit log."""
    return forms.CharField(
        min_length=5, max_length=200, help_text="What the customer said, or the ticket."
    )


class ReasonForm(forms.Form):
    """The fields that every action asks for."""

    reason = reason_field()


@dataclass(frozen=True)
class Done:
    """A row that an action worked on, with facts for the audit log and words for staff."""

    account: Account | None
    facts: Mapping[str, Any]
    words: str = ""


Page = Any  # any page of the admin
Work = Callable[[Page, HttpRequest, QuerySet[Any], ReasonForm], str | Mapping[str, str]]
WorkByRow = Callable[[Page, HttpRequest, QuerySet[Any], ReasonForm], Iterator[Done]]
Action = Callable[[Page, HttpRequest, QuerySet[Any]], HttpResponse]


def action_with_reason(
    description: str, *, right: str, form_class: type[ReasonForm] = ReasonForm
) -> Callable[[Work], Action]:
    """Return a decorator for an admin action that asks for a reason first.

    The function gets the filled-in form. It returns a message for staff, or a mapping of facts to
    look at before the action is confirmed. `right` is a permission of the table in `groups`.
    """

    def decorate(work: Work) -> Action:
        @admin.action(description=description)
        @wraps(work)
        def action(page: Page, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
            # The list sends no reason; the page that asks for one does.
            form = form_class(request.POST) if "with_reason" in request.POST else form_class()
            if not form.is_valid():
                return _ask(page, request, chosen, form=form, title=description, facts={})
            try:
                result = work(page, request, chosen, form)
            except ProductError as refusal:
                # The general advice of a code is for customers.
                own_hint = "" if refusal.hints is refusal.kind.hints else refusal.page_hint
                form.add_error(None, f"{refusal.message} {own_hint}".strip())
                asked = _ask(page, request, chosen, form=form, title=description, facts={})
                asked.status_code = refusal.kind.status
                return asked
            if not isinstance(result, str):
                return _ask(page, request, chosen, form=form, title=description, facts=result)
            messages.success(request, result)
            return redirect(_back(request))

        vars(action)["right"] = right
        return action

    return decorate


def recorded_as(event: str, *, message: str) -> Callable[[WorkByRow], Work]:
    """Return a decorator that records each row of an action in the audit log, with the reason.

    For operations that record nothing themselves. A row is recorded before the next one is worked
    on, so that a refusal half-way leaves none out. `message` has `{count}`, or `{rows}` for the
    words of every row.
    """

    def decorate(work: WorkByRow) -> Work:
        @wraps(work)
        def recording(
            page: Page, request: HttpRequest, chosen: QuerySet[Any], form: ReasonForm
        ) -> str:
            words = []
            for done in work(page, request, chosen, form):
                record(
                    event,
                    account=done.account,
                    user=signed_in_user(request),
                    request=request,
                    **done.facts,
                    reason=form.cleaned_data["reason"],
                )
                words.append(done.words)
            return message.format(count=len(words), rows=", ".join(words))

        return recording

    return decorate


def _back(request: HttpRequest) -> str:
    """Return the page of this site on which an action was chosen; by default the list."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return request.get_full_path()


def _ask(
    page: ReadOnlyAdmin,
    request: HttpRequest,
    chosen: QuerySet[Any],
    *,
    form: ReasonForm,
    title: str,
    facts: Mapping[str, str],
) -> HttpResponse:
    """Show the page between an action and its work: the chosen rows, and the form."""
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "action": request.POST["action"],
        "chosen": chosen,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "form": form,
        "facts": facts,
        "back": _back(request),
        "opts": page.opts,
    }
    return TemplateResponse(request, "accounts/admin/ask_reason.html", context)
