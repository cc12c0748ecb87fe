"""The forms about calls and phones."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mobayilo.lib.errors import ProductError
from telephony.models import Call, Verification
from telephony.numbers import MAX_LINK_LENGTH, country_code, country_names

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


NETWORKS = "001"  # the country of calls to satellite phones and other networks of no country


class StateField(forms.ChoiceField):
    """A state of calls by its name or as it is shown: `no_answer`, No Answer, Running."""

    def to_python(self, value: str | None) -> str:
        text = str(super().to_python(value)).strip()
        states = {str(label).casefold(): name for name, label in Call.State.choices}
        states |= {"running": "active", "cancelled": "canceled", "ended": "completed"}
        return states.get(text.casefold(), text.casefold())


class DayField(forms.DateField):
    """A day, or an instant of a program that has days of its own zone."""

    def to_python(self, value: str | datetime | date | None) -> date | None:
        try:
            instant = parse_datetime(value) if isinstance(value, str) else None
            if instant and instant.tzinfo:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError):  # OverflowError: an instant outside the calendar
            pass
        return super().to_python(value)


class CallFilters(forms.Form):
    """Filters of the history of calls; the page, its CSV and the API read the same fields."""

    state = StateField(
        label=_("State"),
        required=False,
        choices=[("", _("Any")), ("active", _("Running")), *Call.State.choices],
        error_messages={
            "invalid_choice": format_lazy(
                _("Write one of: {states}."), states=", ".join(["active", *Call.State.values])
            )
        },
    )
    country = forms.CharField(
        label=_("Country"),
        max_length=60,
        required=False,
        widget=forms.Select,
        error_messages={"max_length": _("Write its code, such as GB.")},
    )
    number = forms.CharField(label=_("Number"), max_length=30, required=False)
    since = DayField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = DayField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_countries(self, nothing=_("Any"))

    def clean_country(self) -> str:
        """Return the ISO code of a country by any name, or `001` for networks of no country.

        Raise ValidationError with similar names for a country that we do not call.
        """
        text: str = self.cleaned_data["country"]
        if not text or text == NETWORKS:
            return text
        try:
            return country_code(text)
        except ProductError as refusal:
            suggestions = " / ".join(
                f"{country['country_name']} ({country['country']})"
                for country in refusal.details["did_you_mean"]
            )
            words = {"text": text[:40], "countries": suggestions}
            if not suggestions:
                problem = gettext("“%(text)s” is not a country we call.")
            else:
                problem = gettext(
                    "“%(text)s” is not a country we call. Did you mean %(countries)s?"
                )
            raise forms.ValidationError(problem % words) from None

    def apply(self, calls: QuerySet[Call]) -> QuerySet[Call]:
        """Return the calls that match every filter; the days `since` and `until` are included.

        A day is one of the active time zone: on pages that of the user, as the page says at its
        foot, and in the API UTC. A client that needs days of another zone sends instants.
        """
        filters: dict[str, Any] = self.cleaned_data
        if filters["state"] == "active":
            calls = calls.exclude(state__in=Call.ENDED_STATES)
        elif filters["state"]:
            calls = calls.filter(state=filters["state"])
        if filters["country"]:
            calls = calls.filter(to_country=filters["country"])
        if filters["number"]:
            digits = "".join(char for char in filters["number"] if char.isdigit())
            part = digits.lstrip("0") or filters["number"]
            calls = calls.filter(Q(to_e164__contains=part) | Q(from_e164__contains=part))
        for name, comparison in (("since", "gte"), ("until", "lte")):
            bound = filters[name]
            if bound:
                column = "created_at" if isinstance(bound, datetime) else "created_at__date"
                calls = calls.filter(**{f"{column}__{comparison}": bound})
        return calls


class DialForm(forms.Form):
    """A number to call, and the country that it is read in."""

    to = forms.CharField(
        label=_("Number"),
        max_length=MAX_LINK_LENGTH,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_countries(self, nothing=_("As the number says"))


class PlaceForm(DialForm):
    """A call as its offer on the page said, which is refused if that has changed."""

    mode = forms.ChoiceField(choices=Call.Mode.choices)
    terms = forms.CharField(max_length=80)
    shown_number = forms.CharField(max_length=16)
    key = forms.CharField(max_length=64)


class VerificationForm(forms.Form):
    """A phone to send a code to, and the channel of the code."""

    number = forms.CharField(
        label=_("Your phone number"),
        max_length=MAX_LINK_LENGTH,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    channel = forms.ChoiceField(
        label=_("Send the code"),
        choices=[
            (Verification.Channel.SMS, _("by SMS")),
            (Verification.Channel.CALL, _("by a voice call")),
        ],
        initial=Verification.Channel.SMS,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_countries(self, nothing=_("As the number says"))


class DefaultCountryForm(forms.Form):
    """The country of numbers that are written without one."""

    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_countries(self, nothing=_("Choose one"))


class ShownNumberForm(forms.Form):
    """Whether calls fail rather than show another number than one's own."""

    only_my_number = forms.BooleanField(
        label=_("Only ever show my own number, and let a call fail otherwise"), required=False
    )


class KeyQuestionForm(forms.Form):
    """Whether a call asks for a key on the own phone before the other one rings."""

    asks_for_key = forms.BooleanField(
        label=_("Ask me to press 1 when I pick up, and only then ring the other phone"),
        required=False,
    )


class CallModeForm(forms.Form):
    """The mode of calls from a terminal that are placed without one."""

    call_mode = forms.ChoiceField(label=_("How a call is made"), choices=Call.Mode.choices)


def _offer_countries(form: forms.Form, *, nothing: "StrPromise") -> None:
    choices = [("", nothing), *country_names().items()]
    field = form.fields["country"]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices
    elif isinstance(field.widget, forms.Select):  # a filter of the API takes names too
        field.widget.choices = choices


class CodeForm(forms.Form):
    """A code, and the verification that it is for."""

    verification_id = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)
    code = forms.RegexField(
        label=_("Code"),
        regex=r"^[0-9]{4,10}$",
        error_messages={"invalid": _("A code is digits only.")},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
        ),
    )
