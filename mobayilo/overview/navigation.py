"""Where a customer can go, in the order of the navigation."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the navigation: URL name, words, icon, and which other pages belong to it."""

    name: str
    label: Any
    icon: str
    also: tuple[str, ...] = ()


MAIN = (
    Place("overview:home", _("Home"), "house"),
    Place("telephony:calls", _("Calls"), "phone", ("telephony:call",)),
    Place("telephony:caller-ids", _("Caller IDs"), "smartphone", ("telephony:caller-id-confirm",)),
    Place("billing:statement", _("Statement"), "receipt-text", ("billing:statement-month",)),
    Place("overview:rates", _("Rates"), "globe"),
)
SECURITY_PAGES = (
    "account_change_password",
    "account_email",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "usersessions_list",
)
SETTINGS = (
    Place("accounts:tokens", _("Tokens"), "key-round", ("accounts:token-new",)),
    Place("accounts:devices", _("Devices"), "laptop"),
    Place("accounts:security", _("Security"), "shield-check", SECURITY_PAGES),
)


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: Any
    icon: str
    is_current: bool


def links(places: tuple[Place, ...], request: HttpRequest | None) -> list[Link]:
    """The links of some places, the one of the current page marked."""
    match = request.resolver_match if request is not None else None
    here = match.view_name if match else ""
    return [
        Link(reverse(place.name), place.label, place.icon, here in (place.name, *place.also))
        for place in places
    ]
