"""The audit log: the events of an account, with user and place, and the words for each.

Owners read these words, and so does support.
"""

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.models import AccessToken, Account, AuditEvent, CallMode, User
from accounts.secrets import hide_tokens
from mobayilo.lib.client_ip import client_ip
from mobayilo.lib.formatting import format_browser
from mobayilo.lib.money import MICROS_PER_CENT, dollars_to_micros, format_change, format_money

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

AnyRequest = HttpRequest | Request | None

_VIA_BY_PATH = {
    "/admin/": "staff",
    "/api/": "api",
    "/oauth/": "api",
    "/login/": "api",
    "/webhooks/": "webhook",
}


def record(
    action: str,
    *,
    account: Account | None,
    user: User | None = None,
    request: AnyRequest = None,
    token: AccessToken | None = None,
    **facts: Any,
) -> AuditEvent:
    """Append one event, in the caller's transaction. `action` is `subject.what_happened`.

    `facts` are JSON values; a token in them is cut to its kind before it is written. `account` is
    None only for an event before any user is known, or one that concerns all accounts.
    """
    plain = plain_request(request)
    path = plain.path if plain else ""
    via = next((via for start, via in _VIA_BY_PATH.items() if path.startswith(start)), "web")
    return AuditEvent.objects.create(
        account=account,
        user=user,
        action=action,
        via=via if plain else "system",
        token_public_id=token.public_id if token else "",
        ip=ip_of(plain),
        user_agent=agent_of(plain),
        request_id=getattr(plain, "request_id", ""),
        facts=hide_tokens(facts),
    )


def plain_request(request: AnyRequest) -> HttpRequest | None:
    """Return Django's request inside that of the REST framework."""
    return request._request if isinstance(request, Request) else request


def ip_of(request: AnyRequest) -> str | None:
    plain = plain_request(request)
    return client_ip(plain) if plain else None


def agent_of(request: HttpRequest | None) -> str:
    """Return the client's own name, cut to what a row holds, without control characters."""
    if request is None:
        return ""
    agent = request.headers.get("User-Agent", "")
    return "".join(char for char in agent if char.isprintable())[:200]


# What staff do among themselves.
NOT_FOR_OWNERS = ("support.looked", "act.asked", "act.confirmed", "act.refused")
WORDS: dict[str, "StrPromise"] = {
    "account.asks_for_key_changed": _("Press 1 before the other phone rings: {question}"),
    "account.call_mode_changed": _("Calls from a terminal: {mode_in_words}"),
    "account.country_changed": _("Home country changed to {country}"),
    "account.frozen": _("Account frozen: no calls, no top-ups"),
    "account.limits_set": _("Limits of calls and spending set"),
    "account.only_my_number_changed": _("Calls that show another number: {others}"),
    "account.thawed": _("Account thawed: calls and top-ups work again"),
    "account.tokens_tightened": _("Longest life of tokens set"),
    "user.terms_accepted": _("Terms of {version} accepted"),
    "act.asked": _("A second person was asked: {act}"),
    "act.confirmed": _("A second person confirmed: {act}"),
    "act.refused": _("A second person refused: {act}"),
    "call.reconciled": _("Call {call} checked with the carrier"),
    "caller_id.code_sent": _("Code sent to {number}"),
    "caller_id.removed": _("Caller ID {number} removed"),
    "caller_id.registered": _("{number} registered at the carrier, to be shown"),
    "caller_id.registration_started": _("Registration of {number} at the carrier started"),
    "caller_id.shared": _("{number} verified in another account as well"),
    "caller_id.taken_over": _("{number} verified in another account, and removed here"),
    "caller_id.unregistered": _("Registration of {number} at the carrier ended"),
    "caller_id.verification_expired": _("A code that was sent to a phone was ended"),
    "caller_id.verified": _("Caller ID {number} verified"),
    "destination.closed": _("Calls to {destination} closed"),
    "destination.opened": _("Calls to {destination} opened"),
    "device_login.approved": _("Device {device} approved"),
    "device_login.codes_guessed": _("Many wrong device codes were entered"),
    "device_login.codes_guessed_in_bulk": _("Many wrong device codes were entered everywhere"),
    "device_login.denied": _("Device {device} refused"),
    "email.changed": _("Email address changed"),
    "email.confirmed": _("Email address confirmed"),
    "mail.sent_again": _("A mail was sent again"),
    "money.adjusted": _("Balance changed by {change}"),
    "password.changed": _("Password changed"),
    "password.reset": _("Password reset by a link in a mail"),
    "password.set": _("Password set"),
    "rates.deck_withdrawn": _("A price list was withdrawn"),
    "recovery_codes.made": _("New recovery codes made"),
    "recovery_codes.used": _("Recovery code used; {left} are left"),
    "second_factor.added": _("Second factor added: {by}"),
    "second_factor.refused": _("Wrong code of a second factor"),
    "second_factor.removed": _("Second factor removed: {by}"),
    "session.ended": _("Browser signed out: {browser}"),
    "shown_numbers.set": _("Rules about shown numbers set"),
    "shown_numbers.withdrawn": _("Rules about shown numbers withdrawn"),
    "stripe_event.applied_again": _("A report of the payment provider was applied again"),
    "support.caller_id_removed": _("Caller ID {number} removed"),
    "support.looked": _("Looked at the account"),
    "token.created": _("Token “{name}” created"),
    "token.revoked": _("Token “{name}” revoked"),
    "token.rotated": _("Token “{name}” replaced"),
    "token.scope_denied": _("Token “{name}” asked for a right that it lacks"),
    "token.used_after_rotation": _("Token “{name}” used after it was replaced"),
    "tokens.kept": _("Tokens kept after a change of password or address"),
    "topup.asked_about": _("Top-up {topup} checked with the payment provider"),
    "topup.refunded": _("{money} of top-up {topup} refunded to the card"),
    "topup.started": _("Top-up of {money} started"),
    "user.added": _("User {of} added to the account"),
    "user.changed": _("Rights of {of} changed"),
    "user.locked": _("User {of} locked"),
    "user.second_factor_removed": _("Second factor of {of} removed"),
    "user.sessions_ended": _("{of} signed out of all browsers"),
    "user.sign_in_failed": _("Wrong password entered"),
    "user.signed_in": _("Signed in with {by}"),
    "user.unlocked": _("User {of} unlocked"),
    "warning.withdrawn": _("Fraud warning about top-up {topup} withdrawn"),
}
_PROOFS: dict[str, "StrPromise"] = {
    "password": _("password"),
    "totp": _("authenticator app"),
    "webauthn": _("passkey or key"),
    "recovery_codes": _("recovery code"),
}


def in_words(event: AuditEvent) -> str:
    """Return a sentence about an event, with its amounts; for an unknown action its name."""
    words = WORDS.get(event.action)
    if words is None:
        return event.action
    facts = {name: str(value) for name, value in event.facts.items()}
    if amount := facts.get("amount"):
        micros = dollars_to_micros(Decimal(amount))
        facts |= {"change": format_change(micros), "money": format_money(abs(micros))}
    if "cents" in facts:
        facts["money"] = format_money(int(facts["cents"]) * MICROS_PER_CENT)
    if "by" in event.facts:
        proofs = event.facts["by"]
        names = proofs if isinstance(proofs, list) else [proofs]
        known = [str(_PROOFS.get(name, name)) for name in names]
        facts["by"] = ", ".join(known) or gettext("a link in a mail")
    if "only" in event.facts:
        facts["others"] = gettext("refused") if event.facts["only"] else gettext("allowed")
    if "asks" in event.facts:
        facts["question"] = gettext("on") if event.facts["asks"] else gettext("off")
    if (mode := facts.get("mode")) in CallMode.values:
        facts["mode_in_words"] = str(CallMode(mode).label)
    if "agent" in facts:
        facts["browser"] = format_browser(facts["agent"])
    if "device" in facts:
        facts["device"] = f"“{facts['device']}”" if facts["device"] else gettext("without a name")
    return str(words).format_map(defaultdict(lambda: "…", facts))
