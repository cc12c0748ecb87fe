"""The forms about tokens and devices."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.guards import MAX_CENTS, NO_GUARDS, Guards, parse_guards
from accounts.models import DeviceLogin, Scope
from accounts.tokens.lifecycle import NEVER, UNFIT_NAME, TokenPolicy, TokenSpec
from mobayilo.lib.errors import ProductError

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PRESET_DAYS = (7, 30, 60, 90)
ON_A_DATE = "date"
MAX_DOLLARS = Decimal(MAX_CENTS) / 100


class UserCodeForm(forms.Form):
    """The code that a terminal shows."""

    user_code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
                "placeholder": "XXXX-XXXX",
            }
        ),
    )


def _dollars(label: "StrPromise") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.01"),
        max_value=MAX_DOLLARS,
        decimal_places=2,
        help_text=_("US dollars. Empty: no limit."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class TokenTerms(forms.Form):
    """Name, rights, life and limits of a token, by the policy of the account."""

    name = forms.CharField(label=_("Name"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    expires = forms.ChoiceField(label=_("It expires"))
    expires_on = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    max_per_day = _dollars(_("Most that it may spend a day"))
    max_per_call = _dollars(_("Most that it may spend on a call"))
    destinations = forms.CharField(
        label=_("Only call"),
        required=False,
        max_length=2000,
        help_text=_(
            "Countries, prefixes or numbers, such as: GB +4420. Empty: anywhere. "
            "Your own phone, which rings first, has to be among them or named below."
        ),
    )
    caller_ids = forms.CharField(
        label=_("Only call from"),
        required=False,
        max_length=2000,
        help_text=_("Your own phones, such as: +442079460018. Empty: any phone."),
    )

    def __init__(self, *args: Any, policy: TokenPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        self.guards: Guards = NO_GUARDS
        self.days: int | None = None
        expires = self.fields["expires"]
        if isinstance(expires, forms.ChoiceField):
            asked = (self.initial.get("expires"), self.data.get("expires"))
            expires.choices = life_choices(policy, asked=asked)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise forms.ValidationError(UNFIT_NAME)
        return name

    def clean(self) -> dict[str, Any]:
        """Work out `days` and `guards` from the fields that make them."""
        cleaned = super().clean() or {}
        expires = cleaned.get("expires")
        if expires == ON_A_DATE:
            self._set_days_until(cleaned.get("expires_on"))
        elif expires is not None:
            self.days = int(expires)
        cents = {
            "max_cents_per_day": cleaned.get("max_per_day"),
            "max_cents_per_call": cleaned.get("max_per_call"),
        }
        raw: dict[str, Any] = {name: amount and int(amount * 100) for name, amount in cents.items()}
        raw |= {name: cleaned.get(name) for name in ("destinations", "caller_ids")}
        try:
            self.guards = parse_guards(raw)
        except ProductError as refusal:
            field = refusal.field
            self.add_error(field if field in self.fields else None, refusal.message)
        return cleaned

    def _set_days_until(self, day: date | None) -> None:
        """Set the life of a token that ends on a date, or refuse the date."""
        if day is None:
            self.add_error("expires_on", _("Choose a date."))
            return
        today = timezone.localdate()
        self.days = (day - today).days
        if not 1 <= self.days <= self.policy.max_days:
            last = date_format(today + timedelta(days=self.policy.max_days), "j F Y")
            self.add_error("expires_on", _("Choose a day after today, up to %s.") % last)

    def spec(self, kind: str) -> TokenSpec:
        """Return the token that this form describes."""
        return TokenSpec(
            kind=kind,
            name=self.cleaned_data["name"],
            scopes=tuple(self.cleaned_data["scopes"]),
            expires_in_days=self.days,
            guards=self.guards,
        )


class ApprovalForm(TokenTerms):
    """The terms of a device's token, as the user grants them: never more rights than asked."""

    def __init__(self, *args: Any, row: DeviceLogin, policy: TokenPolicy, **kwargs: Any) -> None:
        days = policy.cap_days(row.expires_in_days)
        initial_terms: dict[str, Any] = {
            "name": row.token_name or row.device_name or "moby",
            "scopes": row.scopes,
            "expires": str(days),
            **guard_initial(row.guards),
        }
        super().__init__(*args, policy=policy, initial=initial_terms, **kwargs)
        scopes = self.fields["scopes"]
        if isinstance(scopes, forms.MultipleChoiceField):
            scopes.choices = [
                (value, label) for value, label in Scope.choices if value in row.scopes
            ]


def guard_initial(guards: Guards) -> dict[str, Any]:
    """Return guards as the initial values of the form."""
    day, call = guards.max_cents_per_day, guards.max_cents_per_call
    return {
        "max_per_day": None if day is None else Decimal(day) / 100,
        "max_per_call": None if call is None else Decimal(call) / 100,
        "destinations": " ".join(guards.destinations or ()),
        "caller_ids": " ".join(guards.caller_ids or ()),
    }


def read_days(text: str | None) -> int | None:
    """Return a number of days from a link or a form; None for any other text."""
    return int(text) if text and re.fullmatch("[0-9]{1,4}", text) else None


def life_choices(policy: TokenPolicy, *, asked: Iterable[str | None]) -> list[tuple[str, str]]:
    """Return the choices of a token's life that the policy allows, with the lives asked for."""
    wanted = {*PRESET_DAYS, policy.default_days, *map(read_days, asked)}
    days = [day for day in wanted if day is not None and 1 <= day <= policy.max_days]
    choices = [(str(day), ngettext("in %d day", "in %d days", day) % day) for day in sorted(days)]
    choices.append((ON_A_DATE, gettext("on a date")))
    if policy.may_last_for_ever:
        choices.append((str(NEVER), gettext("never")))
    return choices
