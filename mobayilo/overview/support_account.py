"""Everything that support needs to know of one account, on one screen: one query for each table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import AccessToken, Account, AuditEvent, DeviceLogin, OutboxMail, User
from billing.models import Hold, StripeEvent, TopUp, Wallet
from mobayilo.lib.formatting import format_money, format_when
from mobayilo.overview import support_listings as listings
from mobayilo.overview.support_tables import Act, Button, Desk, Listing, Table
from telephony.models import (
    Call,
    CallerId,
    CallEvent,
    OpenedDestination,
    RefusedCall,
    Verification,
)

SHOWN = 10
Rows = Iterator[tuple[Listing, QuerySet[Any]]]


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page of an account shows."""

    facts: list[tuple[str, str]]
    buttons: list[Button]
    tables: list[Table]


def read_account(pk: int) -> tuple[Account, list[User]] | None:
    """An account with its wallet and its users, by one query unless nobody belongs to it."""
    users = list(User.objects.filter(account=pk).select_related("account__wallet").order_by("id"))
    account = users[0].account if users else Account.objects.filter(pk=pk).first()
    return (account, users) if account else None


def account_screen(account: Account, users: list[User], desk: Desk) -> Screen:
    """Reads what the rooms know of an account."""
    wallet: Wallet | None = getattr(account, "wallet", None)
    lookups = {
        "account": account.pk,
        "wallet": wallet.pk if wallet else None,
        "user__in": ",".join(str(user.pk) for user in users),
    }
    newest = [
        *_phone_rows(account),
        *_money_rows(account, wallet),
        *_sign_in_rows(users),
        *_other_rows(account),
    ]
    tables = [
        desk.table(listings.USERS, User, users, lookups=lookups),
        *(desk.table(listing, rows.model, rows, lookups=lookups) for listing, rows in newest),
    ]
    return Screen(_facts(account, wallet), _buttons(account, wallet, desk), tables)


def _phone_rows(account: Account) -> Rows:
    phones = CallerId.objects.filter(account=account).order_by("-is_default", "-id")
    calls = Call.objects.filter(account=account).order_by("-id")
    refused = RefusedCall.objects.filter(account=account).order_by("-id")
    proofs = Verification.objects.filter(account=account).order_by("-id")
    heard = CallEvent.objects.filter(call__account=account).select_related("call").order_by("-id")
    for_it = Q(account=account) | Q(account=None)
    opened = OpenedDestination.objects.filter(for_it, closed_at=None).order_by("-id")
    yield listings.CALLER_IDS, phones[:SHOWN]
    yield listings.CALLS, calls[:SHOWN]
    yield listings.REFUSALS, refused[:SHOWN]
    yield listings.VERIFICATIONS, proofs[:SHOWN]
    yield listings.OPENED, opened[:SHOWN]
    yield listings.CALL_EVENTS, heard.defer("payload")[:SHOWN]


def _money_rows(account: Account, wallet: Wallet | None) -> Rows:
    topups = TopUp.objects.filter(account=account).order_by("-id")[:SHOWN]
    told = StripeEvent.objects.filter(reference__in=[topup.public_id for topup in topups])
    if wallet is not None:
        holds = Hold.objects.filter(wallet=wallet, state=Hold.State.OPEN).order_by("-id")
        yield listings.HOLDS, holds[:SHOWN]
    yield listings.TOPUPS, topups
    yield listings.STRIPE_EVENTS, told.defer("payload").order_by("-id")[:SHOWN]


def _sign_in_rows(who: list[User]) -> Rows:
    tokens = AccessToken.objects.filter(user__in=who).order_by("-id")
    logins = DeviceLogin.objects.filter(user__in=who).order_by("-id")
    mails = OutboxMail.objects.filter(user__in=who).defer("context").order_by("-id")
    yield listings.TOKENS, tokens[:SHOWN]
    yield listings.DEVICE_LOGINS, logins[:SHOWN]
    yield listings.MAILS, mails[:SHOWN]


def _other_rows(account: Account) -> Rows:
    log = AuditEvent.objects.filter(account=account).select_related("user").order_by("-id")
    yield listings.AUDIT_EVENTS, log[: 2 * SHOWN]


def _facts(account: Account, wallet: Wallet | None) -> list[tuple[str, str]]:
    state = "Active"
    if account.frozen_at:
        state = f"Frozen since {format_when(account.frozen_at)}: {account.frozen_reason}"
    days = account.token_max_days
    facts = [
        ("State", state),
        ("Customer since", format_when(account.created_at)),
        ("Home country", account.default_country or "not known yet"),
        ("Tokens live", f"at most {days} days" if days else "as the settings say"),
    ]
    if wallet is None:
        return [*facts, ("Balance", "no wallet yet")]
    owed = [("Owed", format_money(wallet.owed_micros))] if wallet.owed_micros else []
    return [
        ("Balance", format_money(wallet.balance_micros)),
        ("Held", format_money(wallet.held_micros)),
        ("Available", format_money(wallet.available_micros)),
        *owed,
        *facts,
    ]


def _buttons(account: Account, wallet: Wallet | None, desk: Desk) -> list[Button]:
    acts = [
        Act("freeze", "Freeze", lambda row: not row.is_frozen),
        Act("thaw", "Thaw", lambda row: row.is_frozen),
        Act("revoke", "Revoke all tokens"),
        Act("tighten", "Limit the life of tokens"),
    ]
    buttons = desk.buttons(account, acts)
    if wallet is not None:
        money = [Act("credit_or_debit", "Credit or debit")]
        buttons += desk.buttons(wallet, money)
    return buttons
