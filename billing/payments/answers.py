"""What Stripe's JSON says, read into our own terms. ValueError for what cannot be believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A Checkout Session: `status` is open, complete or expired, `payment_status` says if paid."""

    id: str
    status: str
    payment_status: str
    amount_cents: int
    currency: str
    url: str
    topup_id: str
    payment_intent_id: str
    payment_intent_status: str

    @property
    def payment_failed(self) -> bool:
        """A delayed payment that did not come; known where the payment intent was asked for too."""
        failed = self.payment_intent_status in ("requires_payment_method", "canceled")
        return self.status == "complete" and self.payment_status == "unpaid" and failed


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """A refund: `status` is pending, requires_action, succeeded, failed or canceled."""

    id: str
    status: str
    amount_cents: int
    currency: str
    payment_intent_id: str
    refund_id: str
    failure_reason: str


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """A line of Stripe's own books. `source_id` is the charge, refund or dispute behind it.

    `source_kind` says which of these; it is empty where the source was not asked for too.
    """

    id: str
    kind: str
    amount_cents: int
    fee_cents: int
    currency: str
    source_id: str
    source_kind: str
    payment_intent_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event whose signature and time were right. `data` is the object that it is about."""

    id: str
    kind: str
    created_at: datetime
    data: dict[str, Any]
    payload: dict[str, Any]


def read_session(data: Mapping[str, Any]) -> CheckoutSession:
    """A Checkout Session from Stripe's JSON. Raises ValueError if a field that we need is wrong."""
    return CheckoutSession(
        id=text_of(data, "id"),
        status=text_of(data, "status"),
        payment_status=text_of(data, "payment_status"),
        amount_cents=integer_of(data, "amount_total"),
        currency=text_of(data, "currency"),
        url=data.get("url") or "",
        topup_id=str((data.get("metadata") or {}).get("topup_id", "")),
        payment_intent_id=reference_of(data, "payment_intent"),
        payment_intent_status=_status_of(data.get("payment_intent")),
    )


def _status_of(payment_intent: object) -> str:
    return str(payment_intent.get("status", "")) if isinstance(payment_intent, dict) else ""


def read_refund(data: Mapping[str, Any]) -> StripeRefund:
    """A refund from Stripe's JSON. Raises ValueError if a field that we need is wrong."""
    return StripeRefund(
        id=text_of(data, "id"),
        status=text_of(data, "status"),
        amount_cents=integer_of(data, "amount"),
        currency=text_of(data, "currency"),
        payment_intent_id=reference_of(data, "payment_intent"),
        refund_id=str((data.get("metadata") or {}).get("refund_id", "")),
        failure_reason=data.get("failure_reason") or "",
    )


def read_balance_transaction(data: Mapping[str, Any]) -> BalanceTransaction:
    source = data.get("source")
    source = source if isinstance(source, dict) else {"id": source}
    return BalanceTransaction(
        id=text_of(data, "id"),
        kind=text_of(data, "type"),
        amount_cents=integer_of(data, "amount"),
        fee_cents=integer_of(data, "fee"),
        currency=text_of(data, "currency"),
        source_id=reference_of(source, "id"),
        source_kind=str(source.get("object", "")),
        payment_intent_id=reference_of(source, "payment_intent"),
        created_at=instant_of(data, "created"),
    )


def read_event(data: dict[str, Any]) -> SignedEvent:
    return SignedEvent(
        id=text_of(data, "id"),
        kind=text_of(data, "type"),
        created_at=instant_of(data, "created"),
        data=mapping_of(mapping_of(data, "data"), "object"),
        payload=data,
    )


def text_of(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise ValueError(f"no {field}")
    return value


def integer_of(data: Mapping[str, Any], field: str) -> int:
    value = data.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"no {field}")
    return value


def instant_of(data: Mapping[str, Any], field: str) -> datetime:
    return datetime.fromtimestamp(integer_of(data, field), UTC)


def mapping_of(data: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = data.get(field)
    if not isinstance(value, dict):
        raise ValueError(f"no {field}")
    return value


def reference_of(data: Mapping[str, Any], field: str) -> str:
    """An id, where Stripe gives the id or, expanded, the whole object."""
    value = data.get(field)
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else ""
