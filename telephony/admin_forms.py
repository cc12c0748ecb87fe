"""What support fills in about calls and phones."""

from typing import ClassVar

from django import forms

from accounts.staff.base import AccountField, reason_field
from mobayilo.lib.errors import ProductError
from telephony.models import AccountLimits, OpenedDestination
from telephony.rules import LIMIT_NAMES, read_destination


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """The limits of an account, and why. What is left empty is as the settings say."""

    account_id = AccountField(help_text="acct_…")
    reason = reason_field()

    class Meta:
        model = AccountLimits
        fields = [*LIMIT_NAMES, "reason"]
        labels: ClassVar = {"spend_max_cents_per_day": "Spending per day"}
        help_texts: ClassVar = {
            **dict.fromkeys(LIMIT_NAMES, "Empty: as the settings say, whatever was set before."),
            "spend_max_cents_per_day": "In cents of US dollars. Empty: as the settings say.",
        }


class OpenForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """A country or a prefix, for whom, and why."""

    account_id = AccountField(required=False, help_text="acct_…; empty: for everybody.")
    destination = forms.CharField(
        max_length=40, help_text="A country such as DE, or a prefix such as +4930."
    )
    reason = reason_field()

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
