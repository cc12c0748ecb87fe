"""The forms about money."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.amounts import PRESETS_CENTS, check_amount, read_amount
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ids import random_base62


def new_form_key() -> str:
    return random_base62(20)


class TopUpForm(forms.Form):
    """An amount, by a button or in words. `key` makes a form that is sent twice one top-up."""

    amount = forms.CharField(
        label=_("Another amount in US dollars"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "20.00"}
        ),
    )
    key = forms.CharField(
        max_length=40, initial=new_form_key, widget=forms.HiddenInput, required=False
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.presets_cents = PRESETS_CENTS

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        text = self.data.get("preset") or cleaned.get("amount") or ""
        try:
            cleaned["amount_cents"] = read_amount(str(text))
            check_amount(self.account, cleaned["amount_cents"])
        except ProductError as error:
            raise ValidationError({"amount": error.message}) from None
        return cleaned
