"""The gateway to Stripe: the only file of billing that imports its official SDK.

Typed arguments in; our own dataclasses or a ProductError out. Stripe's answers are checked here,
since the SDK checks nothing: an answer of the wrong shape is an unavailable provider.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import requests
import stripe
from django.conf import settings

from mobayilo.lib.errors import ProductError

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 3.05
SIGNATURE_TOLERANCE_SECONDS = 300
# Our key, its rights, or an idempotency key that is in use or was used for another request.
MISCONFIGURED = (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError)
P = ParamSpec("P")
R = TypeVar("R")


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
    is_by_card: bool = True

    @property
    def is_processing(self) -> bool:
        """Return whether a delayed payment, such as a bank debit, is under way.

        https://docs.stripe.com/payments/checkout/fulfill-orders#delayed-notification
        """
        is_sent = self.status == "complete" and self.payment_status == "unpaid"
        return is_sent and not self.payment_failed

    @property
    def payment_failed(self) -> bool:
        """Return whether a delayed payment failed. Needs the payment intent to be read too."""
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

    `source_kind` says which of these it is; it is empty if the source was not read too.
    `amount_cents` and `currency` are those of the source, since an account may settle in another
    currency than it charges (https://docs.stripe.com/currencies/conversions).
    """

    id: str
    kind: str
    amount_cents: int
    currency: str
    source_id: str
    source_kind: str
    payment_intent_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event with a valid signature and time. `data` is the object that it is about."""

    id: str
    kind: str
    created_at: datetime
    data: dict[str, Any]
    payload: dict[str, Any]


class WrongSignatureError(Exception):
    """A webhook whose signature is wrong or too old, or whose body is not an event."""


class UnknownOutcomeError(ProductError):
    """Stripe may or may not have done it. Repeat the request with the same key to find out."""


class RefusedError(ProductError):
    """Stripe understood the request and refused it. `reason` is Stripe's code."""

    reason: str = ""


@cache
def _client(api_key: str, base_url: str, timeout_seconds: float) -> stripe.StripeClient:
    timeout = (CONNECT_SECONDS, timeout_seconds)
    http_client = stripe.RequestsClient(timeout=timeout, session=session_for(base_url))
    if not base_url:
        return stripe.StripeClient(api_key, max_network_retries=1, http_client=http_client)
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": base_url, "files": base_url, "connect": base_url},
        max_network_retries=1,
        http_client=http_client,
    )


def session_for(base_url: str) -> requests.Session:
    """Return a session that sends the API key and no other login.

    Without an `auth` of its own, requests replaces the header by a login from ~/.netrc
    (https://requests.readthedocs.io/en/latest/user/authentication/#netrc-authentication).
    """
    session = requests.Session()
    session.auth = lambda request: request
    session.trust_env = not base_url  # a proxy of the environment does not lead to this machine
    return session


def key_is_live() -> bool:
    """Return whether the API key moves real money (https://docs.stripe.com/keys)."""
    return settings.STRIPE_API_KEY.startswith(("sk_live_", "rk_live_"))


def client() -> stripe.StripeClient:
    """Return the SDK's client; it connects when it is first used."""
    base_url = settings.STRIPE_API_URL.rstrip("/")
    return _client(settings.STRIPE_API_KEY, base_url, settings.STRIPE_TIMEOUT_SECONDS)


def asking_stripe(ask: Callable[P, R]) -> Callable[P, R]:
    """Turn the SDK's exceptions into UnknownOutcomeError or RefusedError.

    The SDK tries twice, so a second attempt that is refused unseen (429, 401, 403, 409) proves
    nothing about the first: it may have succeeded, and only its answer was lost.
    """

    @wraps(ask)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(*args, **kwargs)
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            # Neither the message nor the body is logged: they may quote our request.
            facts = {"error": type(error).__name__, "reason": error.code}
            logger.warning("stripe refused", extra={**facts, "status": error.http_status})
            message = "The payment provider did not accept that."
            refused = RefusedError("provider_misconfigured", message)
            refused.reason = error.code or ""
            raise refused from None
        except MISCONFIGURED as error:
            raise _unknown_outcome("provider_misconfigured", error) from None
        except (stripe.StripeError, ValueError, AttributeError, ArithmeticError) as error:
            raise _unknown_outcome("provider_unavailable", error) from None

    return wrapper


def _unknown_outcome(code: str, error: Exception) -> UnknownOutcomeError:
    """Return the error of a request that Stripe may have carried out, and log it.

    A fault of our own account is louder than a time-out.
    """
    status = getattr(error, "http_status", None)
    facts = {"error": type(error).__name__, "status": status}
    if code == "provider_misconfigured":
        logger.error("stripe account at fault", extra=facts)
        message = "The payment provider refused this because of our own account there."
    else:
        logger.warning("stripe did not answer", extra=facts)
        message = "The payment provider does not answer."
    return UnknownOutcomeError(code, message, retry_after_seconds=30)


@asking_stripe
def create_session(
    *, topup_id: str, amount_cents: int, email: str, ask_for_3ds: bool, expires_at: datetime
) -> CheckoutSession:
    """Create the page where a top-up is paid, and return it; if repeated, return the same page."""
    metadata = {"topup_id": topup_id}
    page = f"{settings.PUBLIC_URL}/topup/{topup_id}"
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": amount_cents,
                    "product_data": {"name": "Mobayilo prepaid balance"},
                },
            }
        ],
        "client_reference_id": topup_id,
        "customer_email": email,
        "metadata": metadata,
        # Refunds and disputes arrive with the payment intent only, which does not inherit these.
        "payment_intent_data": {"metadata": metadata, "description": f"Top-up {topup_id}"},
        "success_url": page,
        "cancel_url": f"{page}?left=1",
        "expires_at": int(expires_at.timestamp()),
        "submit_type": "pay",
        # Of those switched on in the dashboard, which may have more for other products.
        "allowed_payment_method_types": settings.STRIPE_PAYMENT_METHODS,
        # The price is in dollars, so that the payment and the credit are the same amount.
        "adaptive_pricing": {"enabled": False},
    }
    if ask_for_3ds:
        params["payment_method_options"] = {"card": {"request_three_d_secure": "any"}}
    session = client().v1.checkout.sessions.create(
        cast(Any, params), {"idempotency_key": f"topup:{topup_id}"}
    )
    return read_session(_plain(session))


@asking_stripe
def retrieve_session(session_id: str) -> CheckoutSession:
    """Return the page where a top-up is paid as it is now, together with its payment."""
    session = client().v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
    return read_session(_plain(session))


@asking_stripe
def expire_session(session_id: str) -> CheckoutSession:
    """Close a page that was not paid. Stripe refuses it unless the page is open."""
    return read_session(_plain(client().v1.checkout.sessions.expire(session_id)))


@asking_stripe
def create_refund(*, refund_id: str, payment_intent_id: str, amount_cents: int) -> StripeRefund:
    """Send money of a payment back to its card; if repeated, return the refund made before."""
    refund = client().v1.refunds.create(
        {
            "payment_intent": payment_intent_id,
            "amount": amount_cents,
            "reason": "requested_by_customer",
            "metadata": {"refund_id": refund_id},
        },
        {"idempotency_key": f"refund:{refund_id}"},
    )
    return read_refund(_plain(refund))


@asking_stripe
def list_refunds(payment_intent_id: str) -> list[StripeRefund]:
    """Return every refund of a payment, also those made in Stripe's dashboard."""
    pages = client().v1.refunds.list({"payment_intent": payment_intent_id, "limit": 100})
    return [read_refund(_plain(refund)) for refund in pages.auto_paging_iter()]


@asking_stripe
def list_refunds_since(since: datetime) -> list[StripeRefund]:
    """Return the refunds of all payments made since `since`."""
    pages = client().v1.refunds.list(_created_since(since))
    return [read_refund(_plain(refund)) for refund in pages.auto_paging_iter()]


@asking_stripe
def list_balance_transactions(start: datetime, end: datetime) -> list[BalanceTransaction]:
    """Return the lines of Stripe's books from `start` until before `end`."""
    window = {"gte": int(start.timestamp()), "lt": int(end.timestamp())}
    return _lines_of_books({"created": window})


@asking_stripe
def find_balance_transactions(source_id: str) -> list[BalanceTransaction]:
    """Return the lines of Stripe's books for a charge, refund or dispute, of any day."""
    return _lines_of_books({"source": source_id})


def _lines_of_books(filters: dict[str, Any]) -> list[BalanceTransaction]:
    params = {**filters, "limit": 100, "expand": ["data.source"]}
    pages = client().v1.balance_transactions.list(cast(Any, params))
    return [read_balance_transaction(_plain(line)) for line in pages.auto_paging_iter()]


@asking_stripe
def find_charges(payment_intent_id: str) -> list[str]:
    """Return the ids of all charges of a payment, the declined ones too."""
    pages = client().v1.charges.list({"payment_intent": payment_intent_id, "limit": 100})
    return [text_of(_plain(charge), "id") for charge in pages.auto_paging_iter()]


@asking_stripe
def list_disputes(since: datetime) -> list[dict[str, Any]]:
    """Return the disputes opened since `since`, in the same JSON as in the webhook events."""
    pages = client().v1.disputes.list(_created_since(since))
    return [_plain(dispute) for dispute in pages.auto_paging_iter()]


@asking_stripe
def list_warnings(since: datetime) -> list[dict[str, Any]]:
    """Return the early fraud warnings since `since`, in the same JSON as in the webhook events."""
    pages = client().v1.radar.early_fraud_warnings.list(_created_since(since))
    return [_plain(warning) for warning in pages.auto_paging_iter()]


@asking_stripe
def read_account() -> dict[str, Any]:
    """Return the account behind the API key."""
    return _plain(client().v1.accounts.retrieve_current())


@asking_stripe
def list_webhook_endpoints() -> list[dict[str, Any]]:
    pages = client().v1.webhook_endpoints.list({"limit": 100})
    return [_plain(endpoint) for endpoint in pages.auto_paging_iter()]


@asking_stripe
def lacking_rights() -> list[str]:
    """Return the rights that the API key lacks, tried without an effect.

    The right to read is tried by a list of one row. The right to write, or to read a single object,
    is tried on an object that does not exist: a key that has the right gets the error
    `resource_missing` (https://docs.stripe.com/error-codes).
    """
    api = client().v1
    first_only: Any = {"limit": 1}
    attempts: dict[str, Callable[[], object]] = {
        "Checkout Sessions read": lambda: api.checkout.sessions.list(first_only),
        "Checkout Sessions write": lambda: api.checkout.sessions.expire("cs_none"),
        "Refunds read": lambda: api.refunds.list(first_only),
        "Refunds write": lambda: api.refunds.create({"payment_intent": "pi_none"}),
        "PaymentIntents read": lambda: api.payment_intents.retrieve("pi_none"),
        "Charges read": lambda: api.charges.list(first_only),
        "Disputes read": lambda: api.disputes.list(first_only),
        "Balance transactions read": lambda: api.balance_transactions.list(first_only),
        "Radar early fraud warnings read": lambda: api.radar.early_fraud_warnings.list(first_only),
    }
    lacking = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except stripe.PermissionError:
            lacking.append(name)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
    return lacking


def _created_since(since: datetime) -> Any:  # noqa: ANN401 - each list has its own type for it
    return {"created": {"gte": int(since.timestamp())}, "limit": 100}


# The exceptions for JSON that is not an event, or is nested deeper than Python can read.
UNREADABLE = (
    stripe.StripeError,
    ValueError,
    AttributeError,
    TypeError,
    ArithmeticError,
    RecursionError,
)


def verify_event(payload: bytes, signature: str) -> SignedEvent:
    """Return the event of a webhook. Raise WrongSignatureError unless Stripe signed it just now.

    The SDK accepts a time in the future, with which a request could be replayed later; we refuse
    more than the tolerance in both directions.
    """
    secret = settings.STRIPE_WEBHOOK_SECRET
    try:
        stripe.WebhookSignature.verify_header(
            payload, signature, secret, SIGNATURE_TOLERANCE_SECONDS
        )
        times = [part[2:] for part in signature.split(",") if part.startswith("t=")]
        if int(times[0]) > time.time() + SIGNATURE_TOLERANCE_SECONDS:
            raise ValueError("signed in the future")
        event = client().construct_event(payload, signature, secret).to_dict()
        return read_event(event)
    # A body with a right signature may still be unreadable.
    except UNREADABLE as error:
        raise WrongSignatureError(type(error).__name__) from None


def _plain(answer: object) -> dict[str, Any]:
    """Return the JSON object of an answer. Raise ValueError for a list or a null."""
    if not isinstance(answer, stripe.StripeObject):
        raise ValueError("the answer is no object")
    return answer.to_dict()


def read_session(data: Mapping[str, Any]) -> CheckoutSession:
    """Read a Checkout Session from Stripe's JSON. Raise ValueError if a needed field is wrong."""
    intent = data.get("payment_intent")
    return CheckoutSession(
        id=text_of(data, "id"),
        status=text_of(data, "status"),
        payment_status=text_of(data, "payment_status"),
        amount_cents=integer_of(data, "amount_total"),
        currency=text_of(data, "currency"),
        url=data.get("url") or "",
        topup_id=str((data.get("metadata") or {}).get("topup_id", "")),
        payment_intent_id=reference_of(data, "payment_intent"),
        payment_intent_status=str(intent.get("status", "")) if isinstance(intent, dict) else "",
        is_by_card=data.get("payment_method_types", ["card"]) == ["card"],
    )


def read_refund(data: Mapping[str, Any]) -> StripeRefund:
    """Read a refund from Stripe's JSON. Raise ValueError if a field that we need is wrong."""
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
    amount_cents, currency = integer_of(data, "amount"), text_of(data, "currency")
    if source.get("currency", currency) != currency:
        charged_cents = integer_of(source, "amount")
        amount_cents = -charged_cents if amount_cents < 0 else charged_cents
        currency = text_of(source, "currency")
    return BalanceTransaction(
        id=text_of(data, "id"),
        kind=text_of(data, "type"),
        amount_cents=amount_cents,
        currency=currency,
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
    """Return an id, which Stripe gives alone or, expanded, in the whole object."""
    value = data.get(field)
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else ""
