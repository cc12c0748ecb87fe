"""What only Stripe or a bank can decide, decided by the control API."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.forms import read_json
from sandbox.stripe.answers import Resource, StripeError
from sandbox.stripe.refunds import Refunds
from sandbox.stripe.sessions import Sessions, public

PATH = "/control/stripe"


class StripeControl:
    def __init__(self, sessions: Sessions, refunds: Refunds) -> None:
        self._sessions = sessions
        self._refunds = refunds

    def routes(self) -> list[Route]:
        return [
            Route(f"{PATH}/sessions/{{id}}/{{action}}", self.act_on_session, methods=["POST"]),
            Route(f"{PATH}/refunds", self.set_refunds, methods=["POST"]),
            Route(f"{PATH}/refunds/{{id}}/{{action}}", self.act_on_refund, methods=["POST"]),
        ]

    async def act_on_session(self, request: Request) -> Response:
        """pay, authenticate, pay_later, decline; then, for pay_later, succeed or fail."""
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
        elif action in ("succeed", "fail"):
            self._sessions.settle(session, has_succeeded=action == "succeed")
        else:
            raise unknown(action)
        return JSONResponse(public(session))

    async def set_refunds(self, request: Request) -> Response:
        """`{"next_status": "pending"}`: what the refunds to come begin with."""
        self._refunds.next_status = (await read_json(request)).get("next_status", "succeeded")
        return JSONResponse({"next_status": self._refunds.next_status})

    async def act_on_refund(self, request: Request) -> Response:
        refund: Resource = self._refunds.find(request.path_params["id"])
        action = request.path_params["action"]
        if action == "settle":
            self._refunds.settle(refund)
        elif action == "fail":
            self._refunds.fail(refund)
        else:
            raise unknown(action)
        return JSONResponse(refund)


def unknown(action: str) -> StripeError:
    return StripeError(f"There is no action {action}", status=404)
