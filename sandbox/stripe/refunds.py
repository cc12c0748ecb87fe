"""Refunds, and those that fail later. https://docs.stripe.com/api/refunds"""

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
    check_known,
    list_answer,
    missing,
    read_integer,
    read_params,
    required,
    stripe_answer,
)
from sandbox.stripe.events import Events
from sandbox.stripe.payments import Payments

KNOWN: dict[str, Any] = dict.fromkeys(
    ("amount", "charge", "payment_intent", "reason", "metadata", "expand")
)
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


class Refunds:
    def __init__(self, clock: Clock, events: Events, payments: Payments) -> None:
        self._clock = clock
        self._events = events
        self._payments = payments
        self._refunds: dict[str, Resource] = {}
        payments.also_expand(self._refunds)
        self.next_status = "succeeded"

    def reset(self) -> None:
        self._refunds.clear()
        self.next_status = "succeeded"

    def routes(self) -> list[Route]:
        return [
            Route("/refunds", self.create, methods=["POST"]),
            Route("/refunds", self.list_all, methods=["GET"]),
            Route("/refunds/{id}", self.retrieve, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        params = await read_params(request)
        check_known(params, KNOWN)
        if params.get("reason", REASONS[0]) not in REASONS:
            raise StripeError(f"Invalid reason: {params['reason']}", param="reason")
        charge = self._charge_of(params)
        left = charge["amount"] - charge["amount_refunded"]
        if charge["status"] != "succeeded" or not left:
            raise StripeError(
                f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
            )
        cents = read_integer(params.get("amount", str(left)), "amount")
        if not 0 < cents <= left:
            raise StripeError(
                f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left})",
                param="amount",
            )
        refund = self._make(charge, cents, params)
        return stripe_answer(self._payments.expand(refund, params.get("expand", [])))

    async def list_all(self, request: Request) -> Response:
        params = await read_params(request)
        exact = {name: params[name] for name in ("charge", "payment_intent") if name in params}
        rows = [one for one in reversed(self._refunds.values()) if exact.items() <= one.items()]
        return list_answer(params, "/v1/refunds", rows, expand=self._payments.expand)

    async def retrieve(self, request: Request) -> Response:
        refund = self.find(request.path_params["id"])
        expand = (await read_params(request)).get("expand", [])
        return stripe_answer(self._payments.expand(refund, expand))

    def find(self, id: str) -> Resource:
        if id not in self._refunds:
            raise missing("refund", id)
        return self._refunds[id]

    def settle(self, refund: Resource) -> None:
        """A pending refund arrives."""
        if refund["status"] != "pending":
            raise StripeError(f"This refund is {refund['status']}")
        refund["status"] = "succeeded"
        self._events.emit("refund.updated", refund, previous={"status": "pending"})

    def fail(self, refund: Resource) -> None:
        """The bank sends the money back, which can happen long after `succeeded`."""
        if refund["status"] not in ("pending", "succeeded"):
            raise StripeError(f"This refund is {refund['status']}")
        charge = self._payments.find_charge(refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        movement = self._payments.move(
            kind="refund_failure", source=refund["id"], cents=refund["amount"]
        )
        previous = {"status": refund["status"]}
        refund |= {
            "status": "failed",
            "failure_reason": "lost_or_stolen_card",
            "failure_balance_transaction": movement["id"],
        }
        self._events.emit("refund.updated", refund, previous=previous)
        self._events.emit("refund.failed", refund)

    def _charge_of(self, params: Params) -> Resource:
        if "charge" in params:
            return self._payments.find_charge(params["charge"])
        if "payment_intent" not in params:
            raise required("payment_intent")
        intent = self._payments.find_intent(params["payment_intent"])
        if not intent["latest_charge"]:
            raise StripeError("This PaymentIntent does not have a successful charge to refund.")
        return self._payments.find_charge(intent["latest_charge"])

    def _make(self, charge: Resource, cents: int, params: Params) -> Resource:
        id = stripe_id("re")
        movement = self._payments.move(kind="refund", source=id, cents=-cents)
        refund: Resource = {
            "id": id,
            "object": "refund",
            "amount": cents,
            "balance_transaction": movement["id"],
            "charge": charge["id"],
            "created": self._clock.timestamp(),
            "currency": charge["currency"],
            "destination_details": None,
            "metadata": params.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.next_status,
            "transfer_reversal": None,
        }
        self._refunds[id] = refund
        charge["amount_refunded"] += cents
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._events.emit("refund.created", refund)
        self._events.emit("charge.refunded", charge)
        return refund
