"""One box for whatever a customer quotes: an address, a number, an id, four characters."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

from accounts.models import AccessToken, Account, AuditEvent, User
from accounts.secrets import digest, looks_like_token
from billing.models import Dispute, Hold, Refund, StripeEvent, TopUp, Transfer
from mobayilo.lib.errors import ProductError
from mobayilo.overview.models import FailedRequest
from mobayilo.overview.support.tables import change_url
from telephony.models import (
    NUMBER_END_DIGITS,
    Call,
    CallerId,
    RefusedCall,
    Verification,
    number_end,
)
from telephony.numbers import mask, read_number

MOST = 25
# Fewer digits than this are no part of a phone number that anyone would look for.
LEAST_DIGITS = 4
# How far back refusals are searched as customers typed them: no index knows what to skip there.
LATELY = timedelta(days=30)
# The end of a number, which is the same with and without its country and its trunk prefix.
TYPED_DIGITS = 8

PUBLIC_IDS: dict[str, type[Model]] = {
    "acct": Account,
    "tok": AccessToken,
    "call": Call,
    "cid": CallerId,
    "ver": Verification,
    "top": TopUp,
    "rfd": Refund,
    "hold": Hold,
    "txn": Transfer,
}
# What is meant in a sentence, in quotation marks, or as a mail program writes an address.
_MENTIONED = re.compile(
    r"[^\s<>()\"'“”:,;]+@[^\s<>()\"'“”:,;]*"
    rf"|\b(?:{'|'.join(PUBLIC_IDS)}|req|moby|cs|pi|re|evt|du|dp|issfr)_[0-9A-Za-z_-]+"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A row that was found, and the account that it belongs to."""

    kind: str
    label: str
    url: str
    account: Account | None


def find(text: str) -> list[Match]:
    """What the text may mean, the likeliest first, each row once."""
    mentioned = _MENTIONED.search(text)
    wanted = mentioned[0] if mentioned else text.strip()
    if not wanted:
        return []
    found: dict[str, Match] = {}
    for row in _rows(wanted):
        found.setdefault(change_url(row), _match(row))
        if len(found) == MOST:
            break
    return list(found.values())


def accounts_of(matches: Iterable[Match]) -> list[Account]:
    """The accounts that were found, each once."""
    return list({m.account.pk: m.account for m in matches if m.account is not None}.values())


def _rows(text: str) -> Iterator[Model]:
    if model := PUBLIC_IDS.get(text.partition("_")[0]):
        yield from _with_account(model).filter(public_id=text)
        return
    for look in (_by_address, _by_token, _by_provider_id, _by_request, _by_number):
        yield from look(text)


def _by_address(text: str) -> Iterator[Model]:
    if "@" in text:
        yield from _with_account(User).filter(email__icontains=text.lower())[:MOST]


def _by_token(text: str) -> Iterator[Model]:
    """The last four of a token, as the customer sees them in a list; or all of it, by mistake."""
    if looks_like_token(text):
        yield from _with_account(AccessToken).filter(digest=digest(text))
    elif re.fullmatch(r"(?:…|\.{3})?[0-9A-Za-z]{4}", text):
        tokens = _with_account(AccessToken).filter(last_four=text[-4:])
        yield from tokens.order_by("-id")[:MOST]


def _by_provider_id(text: str) -> Iterator[Model]:
    if re.match(r"(cs|pi)_", text):
        ids = Q(stripe_session_id=text) | Q(stripe_payment_intent_id=text)
        yield from _with_account(TopUp).filter(ids)
    elif text.startswith("re_"):
        yield from _with_account(Refund).filter(stripe_refund_id=text)
    elif text.startswith("evt_"):
        yield from StripeEvent.objects.filter(stripe_id=text)
        events = StripeEvent.objects.filter(stripe_id=text).values("reference")
        yield from _with_account(TopUp).filter(public_id__in=events)
    elif re.match(r"(du|dp|issfr)_", text):
        yield from _with_account(Dispute).filter(stripe_id=text)
    elif re.fullmatch(r"CA[0-9a-f]{32}", text):
        yield from _with_account(Call).filter(Q(leg_a_sid=text) | Q(leg_b_sid=text))


def _by_request(text: str) -> Iterator[Model]:
    """What was refused, or recorded, while one request was answered."""
    if re.fullmatch(r"[0-9A-Za-z_-]{8,64}", text) and not text.isdigit():
        yield from _with_account(RefusedCall).filter(request_id=text)[:MOST]
        yield from _with_account(FailedRequest).filter(request_id=text)[:MOST]
        yield from _with_account(AuditEvent).filter(request_id=text)[:MOST]


def _by_number(text: str) -> Iterator[Model]:
    """Phones first, then who proved or called the number."""
    whole, ending = _numbers(text)
    if whole or ending:
        yield from _with_number(CallerId, "e164", whole, ending).order_by("removed_at", "-id")[
            :MOST
        ]
        yield from _with_number(Verification, "e164", whole, ending).order_by("-id")[:MOST]
        yield from _with_number(Call, "to_e164", whole, ending).order_by("-id")[:MOST]
    digits = re.sub(r"\D", "", text)[-TYPED_DIGITS:]
    if len(digits) >= LEAST_DIGITS and not re.search(r"[A-Za-z@_]", text):
        # As customers typed it, with whatever they put between the digits.
        typed = r"\D*".join(digits) + r"\D*$"
        refused = _with_account(RefusedCall).filter(created_at__gt=timezone.now() - LATELY)
        yield from refused.filter(to_text__regex=typed).order_by("-id")[:MOST]


def _with_number(model: type[Model], field: str, whole: list[str], ending: str) -> Any:  # noqa: ANN401 - as above
    """Rows whose number is one of `whole`, or ends so. The last four digits have an index."""
    wanted = Q(**{f"{field}__in": whole})
    if ending:
        wanted |= Q(**{f"{field}__endswith": ending})
    ends = {number[-NUMBER_END_DIGITS:] for number in (*whole, ending) if number}
    rows = _with_account(model).alias(number_end=number_end(field))
    return rows.filter(wanted, number_end__in=ends)


def _numbers(text: str) -> tuple[list[str], str]:
    """The whole number where it can be read; otherwise what it may be, and its digits."""
    try:
        return [read_number(text, stated_country=None, default_country=None).e164], ""
    except ProductError as unread:
        meant = [*unread.details.get("candidates", []), *unread.details.get("suggestions", [])]
        whole = [candidate["e164"] for candidate in meant]
        digits = re.sub(r"\D", "", text).lstrip("0")
        is_number = len(digits) >= LEAST_DIGITS and not re.search(r"[A-Za-z@_]", text)
        return (whole, digits) if is_number else ([], "")


_ACCOUNT_OF: dict[type[Model], str] = {
    AccessToken: "user__account",
    Refund: "topup__account",
    Dispute: "topup__account",
    Hold: "wallet__account",
    Transfer: "wallet__account",
}


def _with_account(model: type[Any]) -> Any:  # noqa: ANN401 - a query set of any model
    path = "" if model is Account else _ACCOUNT_OF.get(model, "account")
    return model._default_manager.select_related(path) if path else model._default_manager


def _match(row: Model) -> Match:
    account: Any = row
    if not isinstance(row, Account):
        for step in _ACCOUNT_OF.get(type(row), "account").split("__"):
            account = getattr(account, step, None)
    return Match(str(row._meta.verbose_name), _label(row), change_url(row), account)


def _label(row: Model) -> str:
    if isinstance(row, Call):
        return f"{row.public_id} to {mask(row.to_e164)}, {row.state}"
    if isinstance(row, Verification):
        return f"{mask(row.e164)}, {row.state}"
    if isinstance(row, RefusedCall):
        return f"{row.code}: {row.to_text}"
    return str(row)
