"""The links of the navigation, in their order."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: URL name, label, icon, and the other pages that belong to it."""

    name: str
    label: Any
    icon: str
    also: tuple[str, ...] = ()


MAIN = (
    Place("overview:home", _("Home"), "house"),
    Place("telephony:dial", _("Call"), "phone-outgoing"),
    Place("telephony:calls", _("Calls"), "phone", ("telephony:call",)),
    Place("telephony:caller-ids", _("Caller IDs"), "smartphone", ("telephony:caller-id-confirm",)),
    Place(
        "billing:statement",
        _("Statement"),
        "receipt-text",
        (
            "billing:statement-month",
            "billing:topup",
            "billing:topup-receipt",
            "billing:topup-return",
        ),
    ),
    Place("overview:rates", _("Rates"), "globe"),
    Place("overview:help", _("Help"), "info"),
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
    Place(
        "accounts:tokens",
        _("Tokens"),
        "key-round",
        ("accounts:token-new", "accounts:token-rotate", "accounts:tokens-review"),
    ),
    Place(
        "accounts:devices",
        _("Devices"),
        "laptop",
        (
            "accounts:device",
            "accounts:device-confirm",
            "accounts:device-approve",
            "accounts:device-done",
        ),
    ),
    Place("accounts:security", _("Security"), "shield-check", SECURITY_PAGES),
)


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: Any
    icon: str
    is_current: bool


def links(places: tuple[Place, ...], request: HttpRequest | None) -> list[Link]:
    """Return the links of these places, with the current page marked."""
    match = request.resolver_match if request is not None else None
    here = match.view_name if match else ""
    return [
        Link(reverse(place.name), place.label, place.icon, here in (place.name, *place.also))
        for place in places
    ]
