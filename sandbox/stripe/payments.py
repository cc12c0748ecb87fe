"""Payment intents, charges and the movements of the Stripe balance.

https://docs.stripe.com/api/payment_intents, /api/charges, /api/balance_transactions
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.ids import stripe_id
from sandbox.stripe.answers import (
    Params,
    Resource,
    StripeError,
    list_answer,
    missing,
    read_params,
    stripe_answer,
)
from sandbox.stripe.events import Events

# Switched on in the dashboard; a bank debit settles days later
# (https://docs.stripe.com/payments/ach-direct-debit).
METHODS = ("card", "us_bank_account")
DELAYED_METHODS = ("us_bank_account",)
FEE_PERCENT, FEE_CENTS = 29, 30  # 2.9 % + 30 cents
CARD = {
    "brand": "visa",
    "checks": {
        "address_line1_check": None,
        "address_postal_code_check": None,
        "cvc_check": "pass",
    },
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": "Xt5EWLLDS7FJjR1c",
    "funding": "credit",
    "last4": "4242",
    "network": "visa",
    "three_d_secure": None,
}


class Payments:
    def __init__(self, clock: Clock, events: Events) -> None:
        self._clock = clock
        self._events = events
        self._intents: dict[str, Resource] = {}
        self._charges: dict[str, Resource] = {}
        self._movements: dict[str, Resource] = {}
        self._set_up()
        self._kept = [self._intents, self._charges, self._movements]

    def also_expand(self, kept: dict[str, Resource]) -> None:
        """Let movements name resources that other modules keep: refunds, disputes."""
        self._kept.append(kept)

    def _set_up(self) -> None:
        self.methods = list(METHODS)
        self.settles_in, self.exchange_rate = "usd", 1.0

    def settle_in(self, currency: str, exchange_rate: float) -> None:
        """Book movements in another currency: `exchange_rate` is what a dollar is worth in it."""
        self.settles_in, self.exchange_rate = currency, exchange_rate

    def reset(self) -> None:
        self._set_up()
        self._intents.clear()
        self._charges.clear()
        self._movements.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/payment_intents/{id}", self.retrieve_intent, methods=["GET"]),
            Route("/charges", self.list_charges, methods=["GET"]),
            Route("/balance_transactions", self.list_movements, methods=["GET"]),
        ]

    async def retrieve_intent(self, request: Request) -> Response:
        return stripe_answer(self.find_intent(request.path_params["id"]))

    async def list_charges(self, request: Request) -> Response:
        params = await read_params(request)
        wanted = params.get("payment_intent")
        rows = [
            charge
            for charge in reversed(self._charges.values())
            if wanted in (None, charge["payment_intent"])
        ]
        return list_answer(params, "/v1/charges", rows, expand=self.expand)

    async def list_movements(self, request: Request) -> Response:
        params = await read_params(request)
        exact = {name: params[name] for name in ("type", "source") if name in params}
        rows = [
            movement
            for movement in reversed(self._movements.values())
            if exact.items() <= movement.items()
        ]
        return list_answer(params, "/v1/balance_transactions", rows, expand=self.expand)

    def find_intent(self, id: str) -> Resource:
        if id not in self._intents:
            raise missing("payment_intent", id, param="intent")
        return self._intents[id]

    def find_charge(self, id: str) -> Resource:
        if id not in self._charges:
            raise missing("charge", id)
        return self._charges[id]

    def expand(self, resource: Resource, paths: list[str]) -> Resource:
        """`expand[]=payment_intent.latest_charge`: ids replaced by what they name, in a copy."""
        expanded = dict(resource)
        for path in paths:
            name, _, rest = path.partition(".")
            if name not in expanded:
                raise StripeError(f"This property cannot be expanded ({name}).", param="expand")
            if isinstance(expanded[name], str):
                expanded[name] = self._named(expanded[name])
            if rest and isinstance(expanded[name], dict):
                expanded[name] = self.expand(expanded[name], [rest])
        return expanded

    def _named(self, id: str) -> Any:  # noqa: ANN401 - a resource, or the id of one not kept here
        return next((kept[id] for kept in self._kept if id in kept), id)

    # A payment's life.

    def begin(self, session: Resource, data: Params) -> Resource:
        """The intent of a session: the one of an earlier declined try, or a new one."""
        if session["payment_intent"]:
            return self.find_intent(session["payment_intent"])
        intent: Resource = {
            "id": stripe_id("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": None,
            "confirmation_method": "automatic",
            "created": self._clock.timestamp(),
            "currency": session["currency"],
            "customer": None,
            "description": data.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": self._events.livemode,
            "metadata": data.get("metadata", {}),
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "receipt_email": data.get("receipt_email"),
            "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
        }
        self._intents[intent["id"]] = intent
        session["payment_intent"] = intent["id"]
        self._events.emit("payment_intent.created", intent)
        return intent

    def start_processing(self, intent: Resource, method: str) -> None:
        intent["payment_method_types"] = [method]
        intent["status"] = "processing"
        self._events.emit("payment_intent.processing", intent)

    def succeed(self, intent: Resource, *, is_authenticated: bool) -> None:
        charge = self._charge(intent, status="succeeded")
        if is_authenticated:
            charge["payment_method_details"]["card"]["three_d_secure"] = {
                "authentication_flow": "challenge",
                "result": "authenticated",
                "result_reason": None,
                "version": "2.2.0",
            }
        fee = (charge["amount"] * FEE_PERCENT + 500) // 1000 + FEE_CENTS
        charge["balance_transaction"] = self.move(
            kind=booked_as(intent), source=charge["id"], cents=charge["amount"], fee=fee
        )["id"]
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "payment_method": charge["payment_method"],
            "last_payment_error": None,
        }
        self._events.emit("charge.succeeded", charge)
        self._events.emit("payment_intent.succeeded", intent)

    def decline(self, intent: Resource) -> None:
        charge = self._charge(intent, status="failed")
        message = "Your card was declined."
        charge |= {"failure_code": "card_declined", "failure_message": message}
        intent |= {
            "status": "requires_payment_method",
            "latest_charge": charge["id"],
            "last_payment_error": {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": "generic_decline",
                "message": message,
            },
        }
        self._events.emit("charge.failed", charge)
        self._events.emit("payment_intent.payment_failed", intent)

    def move(self, *, kind: str, source: str, cents: int, fee: int = 0) -> Resource:
        """A movement of the Stripe balance, in the currency in which the account settles."""
        now = self._clock.timestamp()
        cents, fee = round(cents * self.exchange_rate), round(fee * self.exchange_rate)
        movement: Resource = {
            "id": stripe_id("txn"),
            "object": "balance_transaction",
            "amount": cents,
            "available_on": now + 2 * 86_400,
            "created": now,
            "currency": self.settles_in,
            "description": None,
            "exchange_rate": None if self.settles_in == "usd" else self.exchange_rate,
            "fee": fee,
            "fee_details": [],
            "net": cents - fee,
            "reporting_category": kind,
            "source": source,
            "status": "pending",
            "type": kind,
        }
        self._movements[movement["id"]] = movement
        return movement

    def _charge(self, intent: Resource, *, status: str) -> Resource:
        is_paid = status == "succeeded"
        address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        charge: Resource = {
            "id": stripe_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if is_paid else 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": {"address": address, "email": None, "name": None, "phone": None},
            "captured": is_paid,
            "created": self._clock.timestamp(),
            "currency": intent["currency"],
            "customer": None,
            "description": intent["description"],
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": self._events.livemode,
            "metadata": dict(intent["metadata"]),
            "outcome": outcome(is_paid=is_paid),
            "paid": is_paid,
            "payment_intent": intent["id"],
            "payment_method": stripe_id("pm"),
            "payment_method_details": method_details(intent["payment_method_types"][0]),
            "receipt_email": intent["receipt_email"],
            "refunded": False,
            "status": status,
        }
        self._charges[charge["id"]] = charge
        return charge


def booked_as(intent: Resource) -> str:
    """Return the type of the movement: `charge` for cards, `payment` for other methods.

    https://docs.stripe.com/reports/balance-transaction-types
    """
    return "charge" if intent["payment_method_types"] == ["card"] else "payment"


def method_details(method: str) -> Resource:
    details = CARD if method == "card" else {"bank_name": "STRIPE TEST BANK", "last4": "6789"}
    return {method: dict(details), "type": method}


def outcome(*, is_paid: bool) -> Resource:
    return {
        "network_status": "approved_by_network" if is_paid else "declined_by_network",
        "reason": None if is_paid else "generic_decline",
        "risk_level": "normal",
        "risk_score": 21,
        "seller_message": "Payment complete." if is_paid else "The bank returned a decline.",
        "type": "authorized" if is_paid else "issuer_declined",
    }
