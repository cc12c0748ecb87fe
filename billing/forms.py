"""The forms about money."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.ledger.statements import begin_of, end_of
from billing.models import Transfer
from billing.payments.topups import SMALLEST_CENTS, check_amount, largest_cents
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ids import random_base62
from mobayilo.lib.money import MICROS_PER_CENT, format_money, read_amount


def new_form_key() -> str:
    return random_base62(20)


class TopUpForm(forms.Form):
    """An amount, by a button or as text. `key` makes one top-up of a form that is sent twice."""

    amount = forms.CharField(
        label=_("Amount in US dollars"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "20.00"}
        ),
    )
    key = forms.CharField(
        max_length=40, initial=new_form_key, widget=forms.HiddenInput, required=False
    )

    def __init__(self, *args: Any, first_paid_at: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first_paid_at = first_paid_at
        self.fields["amount"].help_text = _("From %(smallest)s to %(largest)s.") % {
            "smallest": format_money(SMALLEST_CENTS * MICROS_PER_CENT),
            "largest": format_money(largest_cents(first_paid_at) * MICROS_PER_CENT),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        text = self.data.get("preset") or cleaned.get("amount") or ""
        try:
            cleaned["amount_cents"] = read_amount(str(text))
            check_amount(cleaned["amount_cents"], first_paid_at=self.first_paid_at)
        except ProductError as error:
            raise ValidationError({"amount": error.message}) from None
        return cleaned

    def idempotency_key(self) -> str | None:
        """Return the key of this form and amount: after Back it may be sent with another amount."""
        key = self.cleaned_data.get("key")
        return f"page:{key}:{self.cleaned_data['amount_cents']}" if key else None


class RefundForm(forms.Form):
    """The amount of a top-up to refund. `key` makes one refund of a form that is sent twice."""

    amount = forms.CharField(
        label=_("Amount in US dollars"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    key = forms.CharField(
        max_length=30, initial=new_form_key, widget=forms.HiddenInput, required=False
    )

    def clean_amount(self) -> int:
        """Return the amount in cents."""
        try:
            return read_amount(self.cleaned_data["amount"])
        except ProductError as error:
            raise ValidationError(error.message) from None


class StatementFilters(forms.Form):
    """The kind and the days of the transfers to show."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *Transfer.Kind.choices]
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def bounds(self) -> dict[str, Any]:
        """Return arguments for `statements.transfers_of`; an invalid field filters nothing."""
        self.full_clean()
        valid = getattr(self, "cleaned_data", {})
        since, until = valid.get("since"), valid.get("until")
        return {
            "kind": valid.get("kind", ""),
            "since": begin_of(since) if since else None,
            "until": end_of(until) if until else None,
        }
