"""The base of all admin pages: rows to look at, and actions that ask for a reason."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst

from accounts.access import signed_in_user
from accounts.audit import record
from accounts.models import Account, PendingAct, User
from accounts.staff import second_person as second_person_of
from accounts.staff.second_person import refuse_self_and_colleagues
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ids import random_base62
from mobayilo.lib.money import MICROS_PER_CENT, format_money, read_amount

# The largest integer that a column of PostgreSQL keeps: 21 million dollars.
MOST_CENTS = 2**31 - 1
_NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]{6,}[0-9]")


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


class DollarsField(forms.CharField):
    """An amount that staff write in dollars, as everywhere in the admin; cents in the code."""

    def clean(self, value: Any) -> int | None:  # noqa: ANN401 - Django's own signature
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            cents = read_amount(text)
        except ProductError as error:
            raise forms.ValidationError(error.message) from None
        if cents > MOST_CENTS:
            most = format_money(MOST_CENTS * MICROS_PER_CENT)
            raise forms.ValidationError(f"Write an amount that is less than or equal to {most}.")
        return cents


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
        return [as_money(one) if is_money(one) else one.name for one in shown]

    def facts_of(self, request: HttpRequest, row: Any) -> dict[str, str]:  # noqa: ANN401 - a row of any page
        """Return what staff look at before they act on a row: at least whose it is."""
        account = account_of(row)
        return self.facts_of_account(request, account) if account else {}

    def facts_of_account(self, request: HttpRequest, account: Account) -> dict[str, str]:
        """Return what staff look at before they add a row to an account."""
        users = ", ".join(user.email for user in User.objects.filter(account=account))
        return {"Users": users or "none", "Account": str(account)}

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Any]:
        if obj is None:
            return list(super().get_readonly_fields(request, obj))
        return list(self.get_fields(request, obj))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - Django's own signature
        """Show the list with the scripts of its actions only; Django's set has 300 kB of jQuery.

        Its heading names the rows, where Django's would say "Select act to confirm to view". That a
        member of staff looked is recorded, with what was searched for.
        """
        scripts = forms.Media(js=["admin/js/core.js", "admin/js/actions.js"])
        heading = capfirst(self.opts.verbose_name_plural)
        context = {**(extra_context or {}), "media": scripts, "title": heading}
        answer = super().changelist_view(request, context)
        if request.method == "GET" and answer.status_code == 200:
            record_look(request, page=self.opts.model_name, query=request.GET.dict())
        return answer

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Show a row, and record that the member of staff looked at this account's row."""
        response = super().change_view(request, object_id, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:
            account = account_of(self.get_object(request, object_id))
            if account is not None:
                record_look(request, account, page=self.opts.model_name, row=object_id)
        return response

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - Django's own signature
        """Show the form with the facts of the account that its address or its fields name."""
        named = request.POST.get("account_id") or request.GET.get("account_id") or ""
        account = Account.objects.filter(public_id=named).first()
        facts = self.facts_of_account(request, account) if account else {}
        return super().add_view(request, form_url, {**(extra_context or {}), "facts": facts})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - Django's own signature
        """Save a form, or keep it for a second person where one has to confirm it."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if request.method == "POST" and self.may_save(request, row):
            form = self.sent_form(request, request.POST, row)
            if form.is_valid() and (asked := self._ask_second(request, form, row)):
                messages.success(request, asked)
                return self.response_post_save_change(request, row)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def may_save(self, request: HttpRequest, row: models.Model | None) -> bool:
        """Report whether the member of staff may change `row`, or add one where it is None."""
        if row is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, row)

    def sent_form(
        self, request: HttpRequest, data: Mapping[str, Any], row: models.Model | None
    ) -> Any:  # noqa: ANN401 - a form class that Django makes
        """Return the form of a new row, or of a change of `row`, as it was filled in."""
        return self.get_form(request, row, change=row is not None)(data, instance=row)

    def second_person(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - the form of any page
        """Return the words of a form that someone else has to confirm, or nothing."""
        return ""

    def facts_of_form(self, form: Any) -> dict[str, str]:  # noqa: ANN401 - the form of any page
        """Return what a second person reads of a form: what was written into it."""
        written = {field.label: field.value() for field in form if field.name != "key"}
        return {label: text for label, text in written.items() if text and isinstance(text, str)}

    def save_confirmed(self, request: HttpRequest, act: PendingAct) -> str:
        """Save a form for the one who asked for it. Raise ProductError if it means more by now."""
        row = self.get_queryset(request).filter(pk=act.row).first()
        if not self.may_save(request, row):
            raise ProductError("insufficient_scope", "You may not do this on your own.", hint="")
        form = self.sent_form(request, act.fields, row)
        is_there = row is not None or act.row == second_person_of.NEW
        if not (is_there and form.is_valid() and self.second_person(request, form) == act.words):
            raise ProductError("invalid_request", "This can be done no more. Refuse it.", hint="")
        changed = self.save_form(request, form, change=row is not None)
        self.save_model(request, changed, form, change=row is not None)
        self.save_related(request, form, [], change=row is not None)
        return f"Done: {act.words}."

    def _ask_second(self, request: HttpRequest, form: Any, row: models.Model | None) -> str:  # noqa: ANN401 - the form of any page
        account = form.cleaned_data.get("account_id") or account_of(row)
        refuse_self_and_colleagues(signed_in_user(request), [account])
        words = self.second_person(request, form)
        if not words:
            return ""
        return second_person_of.ask(
            page=self.opts.label,
            action=second_person_of.SAVED,
            row=row.pk if row else second_person_of.NEW,
            fields=written_in(form),
            words=words,
            account=account,
            request=request,
        )

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


def record_look(request: HttpRequest, account: Account | None = None, **facts: Any) -> None:
    """Record what a member of staff looked at. The account of a list or a search of all is None.

    Of a number in `facts` only the last four digits are kept.
    """
    staff = signed_in_user(request)
    masked = {name: _masked(value) for name, value in facts.items()}
    record("support.looked", account=account, user=staff, request=request, **masked)


def _masked(value: Any) -> Any:  # noqa: ANN401 - any fact
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: f"…{re.sub('[^0-9]', '', found[0])[-4:]}", value)
    return value


def is_money(column: "models.Field[Any, Any]") -> bool:
    return "micros" in column.name or "cents" in column.name


def as_money(column: "models.Field[Any, Any]") -> Callable[[models.Model], str]:
    """Return an admin column that shows micro-dollars or cents as customers see amounts."""
    words = str(column.verbose_name).replace("micros per", "price per").removesuffix(" micros")
    words = words.replace(" cents", "")
    to_micros = MICROS_PER_CENT if "cents" in column.name else 1

    @admin.display(description=words)
    def amount(row: models.Model) -> str:
        units = getattr(row, column.name)
        return "-" if units is None else format_money(units * to_micros)

    amount.__name__ = column.name
    return amount


def account_of(row: object) -> Account | None:
    """Return the account that a row belongs to, found by its relations; None if it has none."""
    if row is None or isinstance(row, Account):
        return row
    owners = (getattr(row, name, None) for name in ("account", "user", "wallet", "topup"))
    return next((account for owner in owners if (account := account_of(owner))), None)


def reason_field() -> forms.CharField:
    """Return the field for the reason of an action, which goes into the audit log."""
    return forms.CharField(
        min_length=5, max_length=200, help_text="What the customer said, or the ticket."
    )


class ReasonForm(forms.Form):
    """The fields that every action asks for."""

    reason = reason_field()


class ReasonedForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """The form of a row, with the reason for the audit log.

    `key` makes one act to confirm of a form that is sent twice.
    """

    reason = reason_field()
    key = forms.CharField(
        max_length=40, required=False, initial=lambda: random_base62(20), widget=forms.HiddenInput
    )


def written_in(form: forms.BaseForm) -> dict[str, Any]:
    """Return what was filled in, such that the form can be made of it once more."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        for name, field in form.fields.items()
    }


@dataclass(frozen=True)
class RowResult:
    """A row that an action worked on, with facts for the audit log and words for staff."""

    account: Account | None
    facts: Mapping[str, Any]
    words: str = ""


Page = Any  # any page of the admin
Work = Callable[[Page, HttpRequest, QuerySet[Any], ReasonForm], str | Mapping[str, str]]
WorkByRow = Callable[[Page, HttpRequest, QuerySet[Any], ReasonForm], Iterator[RowResult]]
SecondPerson = Callable[[Page, HttpRequest, QuerySet[Any], Any], str]
Action = Callable[[Page, HttpRequest, QuerySet[Any]], HttpResponse]


def action_with_reason(
    description: str,
    *,
    right: str,
    form_class: type[ReasonForm] = ReasonForm,
    consequence: str = "",
    harms: bool = False,
    second_person: SecondPerson | None = None,
) -> Callable[[Work], Action]:
    """Return a decorator for an admin action that asks for a reason first.

    The function gets the filled-in form. It returns a message for staff, or a mapping of facts to
    look at before the action is confirmed. `right` is a permission of the table in `groups`.
    `consequence` says what follows, and `harms` that it takes something from the customer.
    `second_person` returns the words of an act on one row that someone else has to confirm, and
    nothing for one that needs no second person.
    """

    def decorate(work: Work) -> Action:
        @admin.action(description=description)
        @wraps(work)
        def action(page: Page, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
            # The list sends no reason; the page that asks for one does.
            form = form_class(request.POST) if "with_reason" in request.POST else form_class()
            question = Question(page, request, queryset, form, description, consequence, harms)
            try:
                refuse_self_and_colleagues(signed_in_user(request), map(account_of, queryset))
                if not form.is_valid():
                    return question.asked()
                result = _do_or_ask(work, second_person, page, request, queryset, form)
            except ProductError as refusal:
                return question.refused(refusal)
            if not isinstance(result, str):
                return question.asked(facts=result)
            messages.success(request, result)
            return redirect(_back(request))

        vars(action).update(right=right, work=work, form_class=form_class, harms=harms)
        return action

    return decorate


def _do_or_ask(
    work: Work,
    second_person: SecondPerson | None,
    page: Page,
    request: HttpRequest,
    queryset: QuerySet[Any],
    form: ReasonForm,
) -> str | Mapping[str, str]:
    """Do an action, or keep it for a second person where one has to confirm it."""
    words = second_person(page, request, queryset, form) if second_person else ""
    if not words:
        return work(page, request, queryset, form)
    row = queryset.get()
    return second_person_of.ask(
        page=page.opts.label,
        action=work.__name__,
        row=row.pk,
        fields=written_in(form),
        words=words,
        account=account_of(row),
        request=request,
    )


def recorded_as(event: str, *, message: str) -> Callable[[WorkByRow], Work]:
    """Return a decorator that records each row of an action in the audit log, with the reason.

    For operations that record nothing themselves. A row is recorded before the next one is worked
    on, so that a refusal half-way leaves none out. `message` has `{count}`, or `{rows}` for the
    words of every row.
    """

    def decorate(work: WorkByRow) -> Work:
        @wraps(work)
        def recording(
            page: Page, request: HttpRequest, queryset: QuerySet[Any], form: ReasonForm
        ) -> str:
            words = []
            for result in work(page, request, queryset, form):
                record(
                    event,
                    account=result.account,
                    user=signed_in_user(request),
                    request=request,
                    **result.facts,
                    reason=form.cleaned_data["reason"],
                )
                words.append(result.words)
            return message.format(count=len(words), rows=", ".join(words))

        return recording

    return decorate


def _back(request: HttpRequest) -> str:
    """Return the page of this site on which an action was chosen; by default the list."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return request.get_full_path()


@dataclass(frozen=True)
class Question:
    """The page between an action and its work: the chosen rows with their facts, and the form."""

    page: "ReadOnlyAdmin"
    request: HttpRequest
    queryset: QuerySet[Any]
    form: ReasonForm
    title: str
    consequence: str
    harms: bool

    def asked(self, *, facts: Mapping[str, str] | None = None, status: int = 200) -> HttpResponse:
        request = self.request
        context = {
            **self.page.admin_site.each_context(request),
            "title": self.title,
            "action": request.POST["action"],
            "rows": [(row, self.page.facts_of(request, row)) for row in self.queryset],
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "form": self.form,
            "facts": facts or {},
            "consequence": self.consequence,
            "harms": self.harms,
            "back": _back(request),
            "opts": self.page.opts,
        }
        template = "accounts/admin/ask_reason.html"
        return TemplateResponse(request, template, context, status=status)

    def refused(self, refusal: ProductError) -> HttpResponse:
        """Show a refusal on the form, with what was typed; without a form, on the page before."""
        # The general advice of a code is for customers.
        own_hint = "" if refusal.hints is refusal.kind.hints else refusal.page_hint
        words = f"{refusal.message} {own_hint}".strip()
        if not self.form.is_bound:
            messages.error(self.request, words)
            return redirect(_back(self.request))
        field = refusal.field
        self.form.add_error(field if field in self.form.fields else None, words)
        return self.asked(status=refusal.kind.status)
