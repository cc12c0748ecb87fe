"""Everything that support needs to know of one account, on one screen: one query for each table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, Q

from accounts.models import AccessToken, Account, AuditEvent, DeviceLogin, OutboxMail, User
from billing.models import Dispute, Hold, Refund, StripeEvent, TopUp, Transfer, Wallet
from mobayilo.lib.formatting import format_money, format_when
from mobayilo.lib.money import MICROS_PER_CENT
from mobayilo.overview.models import FailedRequest
from mobayilo.overview.support import listings, mixed
from mobayilo.overview.support.mixed import Line, Mixed
from mobayilo.overview.support.tables import Act, Button, Desk, Listing, Table
from telephony.models import (
    Call,
    CallerId,
    CallEvent,
    OpenedDestination,
    RefusedCall,
    Verification,
)
from telephony.rules.limits import limits_of

SHOWN = 10
Rows = Iterator[tuple[Listing | Mixed, Iterable[Any]]]


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page of an account shows."""

    facts: list[tuple[str, str]]
    buttons: list[Button]
    tables: list[Table]


def read_account(pk: int) -> tuple[Account, list[User]] | None:
    """An account with its wallet and its users, by one query unless nobody belongs to it."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    asked = {
        "is_confirmed": Exists(confirmed),
        "has_second_factor": Exists(factors.exclude(type=Authenticator.Type.RECOVERY_CODES)),
    }
    of_it = User.objects.filter(account=pk).select_related("account__wallet").annotate(**asked)
    users = list(of_it.order_by("id"))
    account = users[0].account if users else Account.objects.filter(pk=pk).first()
    return (account, users) if account else None


def account_screen(account: Account, users: list[User], desk: Desk) -> Screen:
    """Reads what the rooms know of an account."""
    wallet: Wallet | None = getattr(account, "wallet", None)
    lookups = {
        "account": account.pk,
        "q": account.public_id,
        "wallet": wallet.pk if wallet else None,
        "user__in": ",".join(str(user.pk) for user in users),
    }
    parts = [
        (listings.USERS, users),
        *_phone_rows(account),
        *_money_rows(account, wallet),
        *_sign_in_rows(users),
        *_other_rows(account),
    ]
    tables = [
        desk.mixed_table(listing, rows, lookups=lookups)
        if isinstance(listing, Mixed)
        else desk.table(listing, rows, lookups=lookups)
        for listing, rows in parts
    ]
    return Screen(_facts(account, wallet), _buttons(account, wallet, desk), tables)


def _phone_rows(account: Account) -> Rows:
    phones = CallerId.objects.filter(account=account).order_by("-is_default", "-id")
    calls = Call.objects.filter(account=account).order_by("-id")
    proofs = Verification.objects.filter(account=account).order_by("-id")
    for_it = Q(account=account) | Q(account=None)
    opened = OpenedDestination.objects.filter(for_it, closed_at=None).order_by("-id")
    yield listings.CALLER_IDS, phones[:SHOWN]
    yield listings.CALLS, calls[:SHOWN]
    yield mixed.REFUSALS, _refused(account)
    yield listings.VERIFICATIONS, proofs[:SHOWN]
    yield listings.OPENED, opened[:SHOWN]


def _refused(account: Account) -> list[Line]:
    """Refused calls, and other requests: of a call that was refused the request is kept too."""
    calls = RefusedCall.objects.filter(account=account)
    same = calls.filter(request_id=OuterRef("request_id"))
    requests = FailedRequest.objects.filter(~Exists(same), account=account)
    return mixed.REFUSALS.lines(calls, requests, most=SHOWN)


def _money_rows(account: Account, wallet: Wallet | None) -> Rows:
    topups = TopUp.objects.filter(account=account).order_by("-id")[:SHOWN]
    refunds = Refund.objects.filter(topup__account=account)
    disputes = Dispute.objects.filter(topup__account=account)
    told = StripeEvent.objects.filter(reference__in=[topup.public_id for topup in topups])
    heard = CallEvent.objects.filter(call__account=account)
    if wallet is not None:
        moved = Transfer.objects.filter(wallet=wallet)
        held = Hold.objects.filter(wallet=wallet, state=Hold.State.OPEN)
        yield mixed.MOVEMENTS, mixed.MOVEMENTS.lines(moved, held, most=SHOWN)
    yield listings.TOPUPS, topups
    yield mixed.RETURNED, mixed.RETURNED.lines(refunds, disputes, most=SHOWN)
    yield mixed.PROVIDER_EVENTS, mixed.PROVIDER_EVENTS.lines(told, heard, most=2 * SHOWN)


def _sign_in_rows(who: list[User]) -> Rows:
    tokens = AccessToken.objects.filter(user__in=who).order_by("-id")
    browsers = UserSession.objects.filter(user__in=who)
    logins = DeviceLogin.objects.filter(user__in=who)
    mails = OutboxMail.objects.filter(user__in=who).defer("context").order_by("-id")
    yield listings.TOKENS, tokens[:SHOWN]
    yield mixed.SIGN_INS, mixed.SIGN_INS.lines(browsers, logins, most=SHOWN)
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
        ("Calls", _limits_in_words(account)),
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


def _limits_in_words(account: Account) -> str:
    limits = limits_of(account)
    return (
        f"{limits.calls_at_once} at once, {limits.calls_per_hour} an hour, "
        f"{limits.new_numbers_per_hour} new numbers an hour, "
        f"{format_money(limits.spend_max_cents_per_day * MICROS_PER_CENT)} a day"
    )


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
