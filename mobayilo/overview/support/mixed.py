"""Tables of rows of several kinds, the newest first: each table is one query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import BigIntegerField, Case, F, Model, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat, NullIf

from accounts.models import DeviceLogin
from billing.models import Dispute, Hold, Refund, StripeEvent, Transfer
from mobayilo.lib.formatting import format_browser, format_change, format_money, format_when
from mobayilo.overview.models import FailedRequest
from telephony.models import Call, CallEvent, RefusedCall


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows. `cells` name a field or an expression for each value of a line.

    `lookup` is by what the admin lists all of an account; `page` is whose page a line opens.
    """

    name: str
    model: type[Model]
    at: str
    cells: Sequence[Any]
    lookup: str = ""
    page: tuple[type[Model], str] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of any of the kinds."""

    kind: Kind
    pk: int
    at: datetime
    values: Sequence[Any]

    @property
    def page(self) -> type[Model]:
        return self.kind.page[0] if self.kind.page else self.kind.model


@dataclass(frozen=True, slots=True)
class Mixed:
    """How the lines of a table are shown; `numbers` are the headings of figures."""

    title: str
    headings: Sequence[str]
    kinds: Sequence[Kind]
    cells: Callable[[Line], Sequence[object]]
    numbers: Sequence[str] = ()

    def lines(self, *rows: QuerySet[Any], most: int) -> list[Line]:
        """The newest of all; `rows` are those of each kind, in the order of the kinds."""
        of_kinds = zip(self.kinds, rows, strict=True)
        first, *others = [_select(i, *one, most) for i, one in enumerate(of_kinds)]
        found = first.union(*others, all=True).order_by("-at")[:most]
        return [Line(self.kinds[i], pk, at, values) for i, pk, at, *values in found]


def _select(index: int, kind: Kind, rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    """The newest of one kind, in columns that all kinds of a table share."""
    newest = kind.model._default_manager.filter(pk__in=rows.order_by("-pk").values("pk")[:most])
    cells = {
        f"cell_{n}": F(cell) if isinstance(cell, str) else cell for n, cell in enumerate(kind.cells)
    }
    page = F(kind.page[1] if kind.page else "pk")
    columns = newest.order_by().annotate(of=Value(index), page=page, at=F(kind.at), **cells)
    selected: QuerySet[Any] = columns.values_list("of", "page", "at", *cells)
    return selected


def in_words(field: str, choices: Sequence[tuple[Any, Any]]) -> Case:
    """The label of a choice, as the database can put it into a column of words."""
    labels = [When(**{field: value}, then=Value(str(label))) for value, label in choices]
    return Case(*labels, default=Value(""))


def _plain(line: Line) -> list[object]:
    return [format_when(line.at), *line.values]


def _movement(line: Line) -> list[object]:
    number, kind, reference, micros, after = line.values
    amount = format_money(micros) if line.kind.model is Hold else format_change(micros)
    balance = "" if after is None else format_money(after)
    return [format_when(line.at), number, kind, reference, amount, balance]


def _returned(line: Line) -> list[object]:
    number, kind, topup, state, reason, micros = line.values
    return [format_when(line.at), number, kind, topup, state, reason, format_money(micros)]


def _sign_in(line: Line) -> list[object]:
    what, kind, state, ip = line.values
    return [format_when(line.at), format_browser(what), kind, state, ip or ""]


MOVEMENTS = Mixed(
    "Money moved and held",
    ("When", "Movement", "Kind", "For", "Amount", "Balance after"),
    (
        Kind(
            "transfers",
            Transfer,
            "created_at",
            (
                "public_id",
                in_words("kind", Transfer.Kind.choices),
                "reference",
                "amount_micros",
                "balance_after_micros",
            ),
            lookup="wallet",
        ),
        Kind(
            "holds",
            Hold,
            "created_at",
            (
                "public_id",
                Value("Open hold"),
                "key",
                "amount_micros",
                Value(None, output_field=BigIntegerField()),
            ),
            lookup="wallet",
        ),
    ),
    _movement,
    numbers=("Amount", "Balance after"),
)
RETURNED = Mixed(
    "Refunds and disputes",
    ("When", "Id", "Kind", "Top-up", "State", "Reason", "Amount"),
    (
        Kind(
            "refunds",
            Refund,
            "created_at",
            (
                "public_id",
                Value("Refund"),
                "topup__public_id",
                in_words("status", Refund.Status.choices),
                "reason",
                "amount_micros",
            ),
            lookup="q",
        ),
        Kind(
            "disputes",
            Dispute,
            "created_at",
            (
                "stripe_id",
                in_words("kind", Dispute.Kind.choices),
                "topup__public_id",
                in_words("state", Dispute.State.choices),
                "reason",
                "amount_micros",
            ),
            lookup="q",
        ),
    ),
    _returned,
    numbers=("Amount",),
)
SIGN_INS = Mixed(
    "Browsers and device logins",
    ("When", "From what", "Kind", "State", "From"),
    (
        Kind(
            "browsers",
            UserSession,
            "last_seen_at",
            ("user_agent", Value("browser"), Value("signed in"), "ip"),
            lookup="user__in",
        ),
        Kind(
            "device logins",
            DeviceLogin,
            "created_at",
            (
                Coalesce(NullIf("device_name", Value("")), "client_id"),
                Value("device"),
                "state",
                "ip",
            ),
            lookup="user__in",
        ),
    ),
    _sign_in,
)
REFUSALS = Mixed(
    "Refused and failed",
    ("When", "As typed, or asked", "Code", "Reason", "Request"),
    (
        Kind(
            "calls",
            RefusedCall,
            "created_at",
            ("to_text", "code", "message", "request_id"),
            lookup="account",
        ),
        Kind(
            "requests",
            FailedRequest,
            "created_at",
            (Concat("method", Value(" "), "route"), "code", "message", "request_id"),
            lookup="account",
        ),
    ),
    _plain,
)
PROVIDER_EVENTS = Mixed(
    "Events of Stripe and Twilio",
    ("When", "What", "About", "Outcome", "Note"),
    (
        Kind(
            "Stripe",
            StripeEvent,
            "received_at",
            ("kind", "reference", in_words("outcome", StripeEvent.Outcome.choices), "note"),
        ),
        Kind(
            "Twilio",
            CallEvent,
            "received_at",
            (in_words("kind", CallEvent.Kind.choices), "call__public_id", "status", Value("")),
            page=(Call, "call_id"),
        ),
    ),
    _plain,
)
