"""Disputes and early fraud warnings: what a cardholder and a bank do to a payment.

https://docs.stripe.com/disputes, https://docs.stripe.com/api/radar/early_fraud_warnings
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.ids import stripe_id
from sandbox.stripe.answers import (
    Resource,
    StripeError,
    list_answer,
    missing,
    read_params,
)
from sandbox.stripe.events import Events
from sandbox.stripe.payments import Payments

DISPUTE_FEE_CENTS = 1500
REASONS = ("fraudulent", "product_not_received", "duplicate", "general", "unrecognized")


class Disputes:
    def __init__(self, clock: Clock, events: Events, payments: Payments) -> None:
        self._clock = clock
        self._events = events
        self._payments = payments
        self._disputes: dict[str, Resource] = {}
        self._warnings: dict[str, Resource] = {}
        payments.also_expand(self._disputes)

    def reset(self) -> None:
        self._disputes.clear()
        self._warnings.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/disputes", self.list_all, methods=["GET"]),
            Route("/radar/early_fraud_warnings", self.list_warnings, methods=["GET"]),
        ]

    async def list_all(self, request: Request) -> Response:
        rows = reversed(self._disputes.values())
        return self._list(await read_params(request), "/v1/disputes", list(rows))

    async def list_warnings(self, request: Request) -> Response:
        path, rows = "/v1/radar/early_fraud_warnings", reversed(self._warnings.values())
        return self._list(await read_params(request), path, list(rows))

    def find(self, id: str) -> Resource:
        if id not in self._disputes:
            raise missing("dispute", id)
        return self._disputes[id]

    # What happens at the bank.

    def open(self, charge: Resource, *, cents: int | None, reason: str) -> Resource:
        """The amount and a fee leave the Stripe balance at once."""
        if charge["status"] != "succeeded" or charge["disputed"]:
            raise StripeError("This charge cannot be disputed")
        if reason not in REASONS:
            raise StripeError(f"Invalid reason: {reason}", param="reason")
        cents = charge["amount"] - charge["amount_refunded"] if cents is None else cents
        dispute = self._build(charge, cents, reason)
        self._disputes[dispute["id"]] = dispute
        charge["disputed"] = True
        self._events.emit("charge.dispute.created", dispute)
        self._take(dispute, cents=-cents, fee=DISPUTE_FEE_CENTS)
        self._events.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close(self, dispute: Resource, *, is_won: bool) -> None:
        if dispute["status"] in ("won", "lost"):
            raise StripeError(f"This dispute is {dispute['status']}")
        dispute["status"] = "won" if is_won else "lost"
        dispute["is_charge_refundable"] = is_won
        if is_won:
            self._take(dispute, cents=dispute["amount"], fee=-DISPUTE_FEE_CENTS)
            self._events.emit("charge.dispute.funds_reinstated", dispute)
        self._events.emit("charge.dispute.closed", dispute)

    def warn(self, charge: Resource) -> Resource:
        """The card network reports a payment as fraud, before any dispute."""
        warning: Resource = {
            "id": stripe_id("issfr"),
            "object": "radar.early_fraud_warning",
            "actionable": not charge["refunded"] and not charge["disputed"],
            "charge": charge["id"],
            "created": self._clock.timestamp(),
            "fraud_type": "made_with_stolen_card",
            "livemode": self._events.livemode,
            "payment_intent": charge["payment_intent"],
        }
        self._warnings[warning["id"]] = warning
        self._events.emit("radar.early_fraud_warning.created", warning)
        return warning

    def _take(self, dispute: Resource, *, cents: int, fee: int) -> None:
        movement = self._payments.move(
            kind="adjustment", source=dispute["id"], cents=cents, fee=fee
        )
        dispute["balance_transactions"] = [*dispute["balance_transactions"], movement]

    def _build(self, charge: Resource, cents: int, reason: str) -> Resource:
        now = self._clock.timestamp()
        return {
            "id": stripe_id("du"),
            "object": "dispute",
            "amount": cents,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": now + 7 * 86_400,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": self._events.livemode,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "needs_response",
        }

    def _list(self, params: dict[str, Any], path: str, rows: list[Resource]) -> Response:
        exact = {name: params[name] for name in ("charge", "payment_intent") if name in params}
        return list_answer(params, path, [row for row in rows if exact.items() <= row.items()])
