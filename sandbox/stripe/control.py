"""Decisions of a customer, a bank or Stripe, made by the control API."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.forms import Endpoint, read_json
from sandbox.stripe.account import StripeAccount
from sandbox.stripe.answers import Resource, Rights, StripeError
from sandbox.stripe.disputes import Disputes
from sandbox.stripe.events import Events
from sandbox.stripe.payments import Payments
from sandbox.stripe.refunds import Refunds
from sandbox.stripe.sessions import Sessions, public

PATH = "/control/stripe"


class StripeControl:
    def __init__(
        self,
        events: Events,
        rights: Rights,
        account: StripeAccount,
        sessions: Sessions,
        payments: Payments,
        refunds: Refunds,
        disputes: Disputes,
    ) -> None:
        self._events = events
        self._rights = rights
        self._account = account
        self._sessions = sessions
        self._payments = payments
        self._refunds = refunds
        self._disputes = disputes

    def routes(self) -> list[Route]:
        def post(path: str, endpoint: Endpoint) -> Route:
            return Route(f"{PATH}/{path}", endpoint, methods=["POST"])

        return [
            post("sessions", self.emit_foreign_session),
            post("sessions/{id}/{action}", self.act_on_session),
            post("account", self.set_account),
            post("refunds", self.set_refunds),
            post("refunds/{id}/{action}", self.act_on_refund),
            post("charges/{id}/{action}", self.act_on_charge),
            post("disputes/{id}/{action}", self.act_on_dispute),
        ]

    async def emit_foreign_session(self, request: Request) -> Response:
        """Complete a session of another product in the same account: `{"mode": "setup"}`."""
        mode = (await read_json(request)).get("mode", "setup")
        return JSONResponse(self._sessions.complete_foreign(mode))

    async def act_on_session(self, request: Request) -> Response:
        """Pay, authenticate, pay_later, decline, expire; then, for pay_later, succeed or fail."""
        session = self._sessions.find(request.path_params["id"])
        action = request.path_params["action"]
        if action in ("pay", "authenticate", "pay_later"):
            self._sessions.pay(
                session,
                is_authenticated=action == "authenticate",
                settles_later=action == "pay_later",
            )
        elif action == "decline":
            self._sessions.decline(session)
        elif action == "expire":
            self._sessions.lapse(session)
        elif action in ("succeed", "fail"):
            self._sessions.settle(session, has_succeeded=action == "succeed")
        else:
            raise unknown(action)
        return JSONResponse(public(session))

    async def set_account(self, request: Request) -> Response:
        """Set the mode of events, the currency of the balance, methods, and lacking rights."""
        content = await read_json(request)
        if "event_livemode" in content:
            self._events.event_livemode = content["event_livemode"]
        if "settles_in" in content:
            self._payments.settle_in(content["settles_in"], content.get("exchange_rate", 1))
        if "payment_methods" in content:
            self._payments.methods = content["payment_methods"]
        if "lacking_rights" in content:
            self._rights.lacking = content["lacking_rights"]
        self._account.changes |= content.get("account", {})
        self._account.endpoint_changes |= content.get("endpoint", {})
        return JSONResponse(
            {
                "event_livemode": self._events.event_livemode,
                "settles_in": self._payments.settles_in,
                "exchange_rate": self._payments.exchange_rate,
                "payment_methods": self._payments.methods,
                "lacking_rights": self._rights.lacking,
            }
        )

    async def set_refunds(self, request: Request) -> Response:
        """Set the status of the refunds to come: `{"next_status": "pending"}`."""
        self._refunds.next_status = (await read_json(request)).get("next_status", "succeeded")
        return JSONResponse({"next_status": self._refunds.next_status})

    async def act_on_refund(self, request: Request) -> Response:
        """Settle a pending refund; fail a refund, also one that had succeeded."""
        refund = self._refunds.find(request.path_params["id"])
        action = request.path_params["action"]
        if action == "settle":
            self._refunds.settle(refund)
        elif action == "fail":
            self._refunds.fail(refund)
        else:
            raise unknown(action)
        return JSONResponse(refund)

    async def act_on_charge(self, request: Request) -> Response:
        """Dispute a charge, `{"amount": cents, "reason": …}`, or warn. `id` may be an intent's."""
        charge = self._charge(request.path_params["id"])
        action, content = request.path_params["action"], await read_json(request)
        if action == "dispute":
            reason = content.get("reason", "fraudulent")
            made = self._disputes.open(charge, cents=content.get("amount"), reason=reason)
        elif action == "warn":
            made = self._disputes.warn(charge)
        else:
            raise unknown(action)
        return JSONResponse(made)

    async def act_on_dispute(self, request: Request) -> Response:
        dispute = self._disputes.find(request.path_params["id"])
        action = request.path_params["action"]
        if action not in ("win", "lose"):
            raise unknown(action)
        self._disputes.close(dispute, is_won=action == "win")
        return JSONResponse(dispute)

    def _charge(self, id: str) -> Resource:
        if id.startswith("pi_"):
            id = self._payments.find_intent(id)["latest_charge"] or id
        return self._payments.find_charge(id)


def unknown(action: str) -> StripeError:
    return StripeError(f"There is no action {action}", status=404)
