"""Pages of support about calls and phones, to read, with a few actions that are recorded."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.access import signed_in_user
from accounts.models import Account
from accounts.staff.base import (
    AccountField,
    DollarsField,
    ReadOnlyAdmin,
    ReasonedForm,
    ReasonForm,
    RowResult,
    ValuesFilter,
    action_with_reason,
    recorded_as,
)
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_money
from telephony.answers import receipt_of
from telephony.calls.reconcile import reconcile
from telephony.models import (
    AccountLimits,
    Call,
    CallerId,
    CallEvent,
    CarrierFault,
    DialingPermissions,
    OpenedDestination,
    Rate,
    RateDeck,
    RefusedCall,
    Registration,
    ShownNumberRules,
    Verification,
)
from telephony.numbers import mask
from telephony.phones.caller_ids import remove_caller_id
from telephony.phones.shown import (
    MAX_TEXT,
    current_rules,
    current_text,
    differences,
    read_rules,
    store_rules,
    withdraw_rules,
)
from telephony.phones.verifications import expire_verification
from telephony.rules import (
    LIMIT_NAMES,
    ChosenLimits,
    close_destination,
    limits_of,
    open_destination,
    read_destination,
    set_limits,
)
from telephony.twilio.faults import remedy_of

_EVENT_FIELDS = ("received_at", "kind", "sequence", "status", "call_sid", "payload")


class EventInline(admin.TabularInline):  # type: ignore[type-arg]  # no class of generics at run time
    model = CallEvent
    fields = readonly_fields = _EVENT_FIELDS
    can_delete = False
    max_num = 0
    ordering = ["id"]


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
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
    list_filter = [
        "state",
        ("end_reason", ValuesFilter),
        "number_refusals",
        "mode",
        "to_country",
        "created_at",
    ]
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
    actions = ["ask_twilio"]

    # Which of the fields are read first; the others are a click away.
    READ_FIRST = (
        "account",
        "state",
        "end_reason",
        "to_e164",
        "from_e164",
        "created_at",
        "ended_at",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:  # noqa: ANN401 - Django's own signature
        fields = self.get_fields(request, obj)
        rest = [field for field in fields if field not in self.READ_FIRST]
        return [
            (None, {"fields": self.READ_FIRST}),
            ("All that is stored", {"fields": rest, "classes": ["collapse"]}),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Show a call as its customer does, with the receipt, before what is stored of it."""
        call = self.get_object(request, object_id)
        receipt = receipt_of(call) if call is not None else None
        context = {**(kwargs.pop("extra_context", None) or {}), "call": call, "receipt": receipt}
        return super().change_view(request, object_id, *args, extra_context=context, **kwargs)

    def facts_of(self, request: HttpRequest, row: Call) -> dict[str, str]:
        return {
            **super().facts_of(request, row),
            "To": mask(row.to_e164),
            "State": f"{row.state} {row.end_reason_in_words}".strip(),
            "Held": format_money(row.hold_micros) if row.settled_at is None else "nothing",
            "Cost": self.cost(row) or "not settled",
        }

    @admin.display(description="cost")
    def cost(self, call: Call) -> str:
        return "" if call.cost_micros is None else format_money(call.cost_micros)

    @action_with_reason(
        "Ask Twilio now: settle or close",
        right="telephony.reconcile_call",
        consequence="A call that has ended at Twilio is billed and its hold released; one that "
        "runs goes on.",
    )
    @recorded_as("call.reconciled", message="Twilio was asked: {rows}")
    def ask_twilio(
        self, request: HttpRequest, queryset: QuerySet[Call], form: ReasonForm
    ) -> Iterator[RowResult]:
        for call in queryset.select_related("account"):
            outcome = reconcile(call)
            facts = {"call": call.public_id, "outcome": outcome}
            yield RowResult(call.account, facts, words=f"{call}: {outcome}")


@admin.register(CallerId)
class CallerIdAdmin(ReadOnlyAdmin):
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
    actions = ["remove"]

    @action_with_reason(
        "Remove: no calls from this phone",
        right="telephony.remove_callerid",
        consequence="The phone rings no more and is shown no more, until the customer verifies "
        "it once more.",
        harms=True,
    )
    @recorded_as("support.caller_id_removed", message="{count} removed.")
    def remove(
        self, request: HttpRequest, queryset: QuerySet[CallerId], form: ReasonForm
    ) -> Iterator[RowResult]:
        staff = signed_in_user(request)
        for phone in queryset.select_related("account"):
            if remove_caller_id(phone, user=staff, reason=CallerId.Removal.BY_SUPPORT):
                yield RowResult(phone.account, {"number": mask(phone.e164)})


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
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
    list_filter = ["state", ("failure_code", ValuesFilter), "channel"]
    list_select_related = ["account"]
    search_fields = ["=public_id", "e164__endswith", "=account__public_id", "account__users__email"]
    ordering = ["-id"]
    actions = ["expire"]

    @action_with_reason(
        "Expire: the code is good no more",
        right="telephony.expire_verification",
        consequence="The code that was sent is refused from now on; the customer may ask for "
        "another.",
    )
    @recorded_as("caller_id.verification_expired", message="{count} expired.")
    def expire(
        self, request: HttpRequest, queryset: QuerySet[Verification], form: ReasonForm
    ) -> Iterator[RowResult]:
        for verification in queryset.select_related("account"):
            if expire_verification(verification):
                yield RowResult(verification.account, {"verification": verification.public_id})


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "e164", "account", "state", "failure", "closed_at", "carrier_sid"]
    list_filter = ["state", ("failure", ValuesFilter)]
    list_select_related = ["account"]
    search_fields = ["=public_id", "e164__endswith", "=account__public_id", "account__users__email"]
    ordering = ["-id"]
    exclude = ["code"]


class RulesForm(ReasonedForm):
    """The form of a new version: rules as a CSV text, filled with those in force, and a reason."""

    text = forms.CharField(
        max_length=MAX_TEXT,
        initial=current_text,
        widget=forms.Textarea(attrs={"rows": 24, "cols": 110, "spellcheck": "false"}),
        help_text="own_number: always, registered, never. * is every country. A row without a "
        "number of ours shows the number that rings customers.",
    )

    class Meta:
        model = ShownNumberRules
        fields = ["text", "reason"]

    @property
    def changes(self) -> list[str]:
        """The rows that differ from those in force."""
        return differences(current_rules(), read_rules(self["text"].value()))

    def clean_text(self) -> str:
        text = "\n".join(self.cleaned_data["text"].strip().splitlines()) + "\n"
        try:
            read_rules(text)
        except ProductError as error:
            raise forms.ValidationError(error.message) from None
        return text


@admin.register(ShownNumberRules)
class ShownNumberRulesAdmin(ReadOnlyAdmin):
    """Versions of the rules about shown numbers. A new version replaces all rules in force."""

    list_display = ["id", "created_at", "row_count", "stored_by", "reason", "withdrawn_at"]
    list_select_related = ["stored_by"]
    ordering = ["-id"]
    actions = ["withdraw"]
    add_form = RulesForm
    add_right = "telephony.set_shown_numbers"

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        if obj is None:
            return ["text", "reason", "key"]
        return ["text", "row_count", "reason", "stored_by", "created_at", "withdrawn_at"]

    def second_person(self, request: HttpRequest, form: RulesForm) -> str:
        """Return the words of a change, which holds for everyone's calls."""
        changes = form.changes
        if not changes:
            return ""
        return Truncator(f"Rules of shown numbers: {'; '.join(changes)}").chars(300)

    def facts_of_form(self, form: RulesForm) -> dict[str, str]:
        """Return each row that changes in place of the whole text."""
        facts = super().facts_of_form(form)
        return {"Reason": facts["Reason"], "Changes": "\n".join(form.changes)}

    def save_model(
        self, request: HttpRequest, obj: ShownNumberRules, form: RulesForm, change: bool
    ) -> None:
        stored = store_rules(
            form.cleaned_data["text"],
            reason=form.cleaned_data["reason"],
            staff=signed_in_user(request),
            request=request,
        )
        obj.pk = stored.pk

    @action_with_reason(
        "Withdraw: those before apply",
        right="telephony.set_shown_numbers",
        consequence="The version before it is in force at once, or the rules of the release "
        "where there is none: calls from now on may show other numbers.",
    )
    def withdraw(
        self, request: HttpRequest, queryset: QuerySet[ShownNumberRules], form: ReasonForm
    ) -> str:
        staff, reason = signed_in_user(request), form.cleaned_data["reason"]
        withdrawn = sum(
            withdraw_rules(version, reason=reason, staff=staff, request=request)
            for version in queryset
        )
        return f"{withdrawn} withdrawn."


@admin.register(RefusedCall)
class RefusedCallAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "account", "user", "to_text", "code", "message", "request_id"]
    list_filter = ["code", "created_at"]
    list_select_related = ["account", "user"]
    search_fields = ["=account__public_id", "user__email", "to_text", "=code", "=request_id"]
    ordering = ["-id"]


@admin.register(CarrierFault)
class CarrierFaultAdmin(ReadOnlyAdmin):
    list_display = ["last_at", "code", "country", "what", "remedy", "count", "first_at"]
    ordering = ["-last_at"]

    @admin.display(description="what to do")
    def remedy(self, fault: CarrierFault) -> str:
        return remedy_of(fault.code)


@admin.register(DialingPermissions)
class DialingPermissionsAdmin(ReadOnlyAdmin):
    list_display = ["read_at", "country_count", "closed_countries"]


@admin.register(RateDeck)
class RateDeckAdmin(ReadOnlyAdmin):
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
class RateAdmin(ReadOnlyAdmin):
    list_display = [
        "prefix",
        "shown_prefixes",
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


class OpenForm(ReasonedForm):
    """A country or a prefix, the account that may call it, and the reason."""

    account_id = AccountField(required=False, help_text="acct_…; empty: for everybody.")
    destination = forms.CharField(
        max_length=40, help_text="A country such as DE, or a prefix such as +4930."
    )

    class Meta:
        model = OpenedDestination
        fields = ["destination", "reason"]

    def clean_destination(self) -> str:
        try:
            destination = read_destination(self.cleaned_data["destination"])
        except ProductError as error:
            raise forms.ValidationError(error.message) from None
        account = self.cleaned_data.get("account_id")
        if OpenedDestination.objects.filter(
            account=account, destination=destination, closed_at=None
        ).exists():
            raise forms.ValidationError("That is open already.")
        return destination


@admin.register(OpenedDestination)
class OpenedDestinationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "destination", "account", "opened_by", "reason", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["account", "opened_by"]
    search_fields = ["=destination", "=account__public_id"]
    ordering = ["-id"]
    actions = ["close"]
    add_form = OpenForm
    add_right = "telephony.open_destination"

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        if obj is None:
            return ["account_id", "destination", "reason", "key"]
        return ["account", "destination", "reason", "opened_by", "created_at", "closed_at"]

    def second_person(self, request: HttpRequest, form: OpenForm) -> str:
        """Return the words of a destination that is opened for everyone, or nothing."""
        if form.cleaned_data["account_id"] is not None:
            return ""
        return f"Destination {form.cleaned_data['destination']} opened for every account"

    def save_model(
        self, request: HttpRequest, obj: OpenedDestination, form: OpenForm, change: bool
    ) -> None:
        opened = open_destination(
            account=form.cleaned_data["account_id"],
            destination=form.cleaned_data["destination"],
            reason=form.cleaned_data["reason"],
            staff=signed_in_user(request),
            request=request,
        )
        obj.pk, obj.account = opened.pk, opened.account

    @action_with_reason(
        "Close again",
        right="telephony.open_destination",
        consequence="New calls there are refused; a call that runs goes on.",
        harms=True,
    )
    def close(
        self, request: HttpRequest, queryset: QuerySet[OpenedDestination], form: ReasonForm
    ) -> str:
        staff, reason = signed_in_user(request), form.cleaned_data["reason"]
        closed = sum(
            close_destination(opened, reason=reason, staff=staff, request=request)
            for opened in queryset.select_related("account")
        )
        return f"{closed} closed."


SPENDING = "spend_max_cents_per_day"


class LimitsForm(ReasonedForm):
    """The limits of an account, and the reason. An empty limit is as the settings have it."""

    account_id = AccountField(help_text="acct_…")
    spend_max_cents_per_day = DollarsField(
        required=False,
        label="Spending per day",
        help_text="US dollars, such as 250 or 250.00. Empty: as the settings say.",
    )

    class Meta:
        model = AccountLimits
        fields = [*LIMIT_NAMES, "reason"]
        help_texts: ClassVar = dict.fromkeys(
            LIMIT_NAMES, "Empty: as the settings say, whatever was set before."
        )


@admin.register(AccountLimits)
class AccountLimitsAdmin(ReadOnlyAdmin):
    """Limits of accounts. Setting the limits of an account replaces all its former limits."""

    list_display = [
        "account",
        "calls_at_once",
        "calls_per_hour",
        "new_numbers_per_hour",
        "spending_per_day",
        "reason",
        "set_by",
        "set_at",
    ]
    list_select_related = ["account", "set_by"]
    search_fields = ["=account__public_id"]
    ordering = ["-set_at"]
    add_form = LimitsForm
    add_right = "telephony.set_limits"

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        if obj is None:
            return ["account_id", *LIMIT_NAMES, "reason", "key"]
        return [name for name in self.list_display if isinstance(name, str)]

    def facts_of_account(self, request: HttpRequest, account: Account) -> dict[str, str]:
        limits = limits_of(account)
        return {
            **super().facts_of_account(request, account),
            "Calls at once": str(limits.calls_at_once),
            "Calls an hour": str(limits.calls_per_hour),
            "New numbers an hour": str(limits.new_numbers_per_hour),
            "Spending": f"{format_money(limits.spend_max_cents_per_day * MICROS_PER_CENT)} a day",
        }

    def second_person(self, request: HttpRequest, form: LimitsForm) -> str:
        """Return the words of a much higher limit of spending, or nothing."""
        account, cents = form.cleaned_data["account_id"], form.cleaned_data[SPENDING]
        alone_cents = settings.SPEND_MAX_CENTS_PER_DAY + settings.SECOND_PERSON_ABOVE_CENTS
        now_cents = limits_of(account).spend_max_cents_per_day
        if cents is None or cents <= max(alone_cents, now_cents):
            return ""
        before, after = (format_money(one * MICROS_PER_CENT) for one in (now_cents, cents))
        return f"Spending of {account}: {after} a day in place of {before}"

    @admin.display(description="spending per day", empty_value="as the settings say")
    def spending_per_day(self, limits: AccountLimits) -> str | None:
        cents = limits.spend_max_cents_per_day
        return None if cents is None else format_money(cents * MICROS_PER_CENT)

    def save_model(
        self, request: HttpRequest, obj: AccountLimits, form: LimitsForm, change: bool
    ) -> None:
        limits = set_limits(
            form.cleaned_data["account_id"],
            ChosenLimits(**{name: form.cleaned_data[name] for name in LIMIT_NAMES}),
            reason=form.cleaned_data["reason"],
            staff=signed_in_user(request),
            request=request,
        )
        obj.pk, obj.account = limits.pk, limits.account
