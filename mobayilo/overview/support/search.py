"""The search of support: by an address, a number, an id, or the last four of a token."""

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

MOST_MATCHES = 25
# A text with fewer digits is not searched for as a part of a phone number.
LEAST_DIGITS = 4
# Nor is one with fewer characters searched for as a part of an address.
LEAST_LETTERS = 3
# The age of refusals that are searched as typed, which no index can do.
TYPED_SEARCHED = timedelta(days=30)
# The end of a number is the same with and without its country code and its trunk prefix.
TYPED_END_DIGITS = 8

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
# An address or an id inside a sentence, in quotation marks, or as a mail program writes it.
_MENTIONED = re.compile(
    r"[^\s<>()\"'“”:,;]+@[^\s<>()\"'“”:,;]*"
    rf"|\b(?:{'|'.join(PUBLIC_IDS)}|req|moby|cs|pi|re|evt|du|dp|issfr)_[0-9A-Za-z_-]+"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A row that was found, and its account."""

    kind: str
    label: str
    url: str
    account: Account | None


def find(text: str) -> list[Match]:
    """Return the rows that the text may mean, the likeliest first, each row once."""
    mentioned = _MENTIONED.search(text)
    query = mentioned[0] if mentioned else text.strip()
    if not query:
        return []
    matches: dict[str, Match] = {}
    for row in _rows(query):
        account: Any = row
        for step in _account_path(type(row)):
            account = getattr(account, step, None)
        match = Match(str(row._meta.verbose_name), _label(row), change_url(row), account)
        matches.setdefault(match.url, match)
        if len(matches) == MOST_MATCHES:
            break
    return list(matches.values())


def _label(row: Model) -> str:
    """Return the words for a row, with the last four digits of a number."""
    if isinstance(row, Call):
        return f"{row.public_id} to {mask(row.to_e164)}, {row.state}"
    if isinstance(row, Verification):
        return f"{mask(row.e164)}, {row.state}"
    if isinstance(row, RefusedCall):
        return f"{row.code}: {row.to_text}"
    return str(row)


def accounts_of(matches: Iterable[Match]) -> list[Account]:
    """Return the accounts of the matches, each once."""
    return list({m.account.pk: m.account for m in matches if m.account is not None}.values())


def _rows(text: str) -> Iterator[Model]:
    """Yield the rows that one address, id or number may mean."""
    if model := PUBLIC_IDS.get(text.partition("_")[0]):
        yield from _with_account(model).filter(public_id=text)
        return
    if "@" in text:
        yield from _with_account(User).filter(email__icontains=text.lower())[:MOST_MATCHES]
    if looks_like_token(text):  # a customer quoted all of it by mistake
        yield from _with_account(AccessToken).filter(digest=digest(text))
    elif re.fullmatch(r"(?:…|\.{3})?[0-9A-Za-z]{4}", text):
        tokens = _with_account(AccessToken).filter(last_four=text[-4:])
        yield from tokens.order_by("-id")[:MOST_MATCHES]
    yield from _by_provider_id(text)
    if re.fullmatch(r"[0-9A-Za-z_-]{8,64}", text) and not text.isdigit():
        for recorded in (RefusedCall, FailedRequest, AuditEvent):
            yield from _with_account(recorded).filter(request_id=text)[:MOST_MATCHES]
    yield from _by_number(text)
    if re.fullmatch(r"[\w.+-]*[A-Za-z][\w.+-]*", text) and len(text) >= LEAST_LETTERS:
        # A part of an address: the name before the @, or the company behind it.
        yield from _with_account(User).filter(email__icontains=text)[:MOST_MATCHES]


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


def _by_number(text: str) -> Iterator[Model]:
    """Yield phones with this number, then verifications and calls of it, then refused calls.

    A number that cannot be read is looked for by its possible readings and by its digits.
    """
    digits = re.sub(r"\D", "", text)
    has_letters = re.search(r"[A-Za-z@_]", text)
    try:
        number = read_number(text, stated_country=None, default_country=None)
        whole, ending = [number.e164], ""
    except ProductError as refusal:
        details = refusal.details
        readings = [*details.get("candidates", []), *details.get("suggestions", [])]
        whole, ending = [reading["e164"] for reading in readings], digits.lstrip("0")
        if has_letters or len(ending) < LEAST_DIGITS:
            whole, ending = [], ""
    if whole or ending:
        yield from _with_number(CallerId, "e164", whole, ending).order_by("removed_at", "-id")[
            :MOST_MATCHES
        ]
        yield from _with_number(Verification, "e164", whole, ending).order_by("-id")[:MOST_MATCHES]
        yield from _with_number(Call, "to_e164", whole, ending).order_by("-id")[:MOST_MATCHES]
    if len(digits) >= LEAST_DIGITS and not has_letters:
        # As the customer typed it, with any characters between the digits.
        typed = r"\D*".join(digits[-TYPED_END_DIGITS:]) + r"\D*$"
        refused = _with_account(RefusedCall).filter(created_at__gt=timezone.now() - TYPED_SEARCHED)
        yield from refused.filter(to_text__regex=typed).order_by("-id")[:MOST_MATCHES]


def _with_number(model: type[Model], field: str, whole: list[str], ending: str) -> Any:  # noqa: ANN401 - a query set of any model
    """Return rows whose number is in `whole`, or ends in `ending`. The last four are indexed."""
    is_number = Q(**{f"{field}__in": whole})
    if ending:
        is_number |= Q(**{f"{field}__endswith": ending})
    ends = {number[-NUMBER_END_DIGITS:] for number in (*whole, ending) if number}
    rows = _with_account(model).alias(number_end=number_end(field))
    return rows.filter(is_number, number_end__in=ends)


_ACCOUNT_PATHS: dict[type[Model], list[str]] = {
    Account: [],
    AccessToken: ["user", "account"],
    Refund: ["topup", "account"],
    Dispute: ["topup", "account"],
    Hold: ["wallet", "account"],
    Transfer: ["wallet", "account"],
}


def _account_path(model: type[Model]) -> list[str]:
    """Return the relations that lead from a row to its account."""
    return _ACCOUNT_PATHS.get(model, ["account"])


def _with_account(model: type[Any]) -> Any:  # noqa: ANN401 - a query set of any model
    path = "__".join(_account_path(model))
    return model._default_manager.select_related(path) if path else model._default_manager
