"""What support fills in about calls and phones."""

from django import forms

from accounts.admin_base import reason_field
from accounts.models import Account
from mobayilo.lib.errors import ProductError
from telephony.account_limits import NAMES
from telephony.destinations import read_destination
from telephony.models import AccountLimits, OpenedDestination


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """The limits of an account, and why. What is left empty is as the settings say."""

    of = forms.CharField(max_length=32, label="Account", help_text="acct_…")
    reason = forms.CharField(
        min_length=5, max_length=200, help_text="What the customer said, or the ticket."
    )

    class Meta:
        model = AccountLimits
        fields = [*NAMES, "reason"]

    def clean_of(self) -> Account:
        found = Account.objects.filter(public_id=self.cleaned_data["of"].strip()).first()
        if found is None:
            raise forms.ValidationError("There is no such account.")
        return found


class OpenForm(forms.ModelForm):  # type: ignore[type-arg]  # no class of generics at run time
    """A country or a prefix, for whom, and why."""

    of = forms.CharField(
        max_length=32, required=False, label="Account", help_text="acct_…; empty: for everybody."
    )
    destination = forms.CharField(
        max_length=40, help_text="A country such as DE, or a prefix such as +4930."
    )
    reason = reason_field()

    class Meta:
        model = OpenedDestination
        fields = ["destination", "reason"]

    def clean_of(self) -> Account | None:
        text = self.cleaned_data["of"].strip()
        found = Account.objects.filter(public_id=text).first()
        if text and found is None:
            raise forms.ValidationError("There is no such account.")
        return found

    def clean_destination(self) -> str:
        try:
            destination = read_destination(self.cleaned_data["destination"])
        except ProductError as error:
            raise forms.ValidationError(error.message) from None
        account = self.cleaned_data.get("of")
        if OpenedDestination.objects.filter(
            account=account, destination=destination, closed_at=None
        ).exists():
            raise forms.ValidationError("That is open already.")
        return destination
