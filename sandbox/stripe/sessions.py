"""Checkout Sessions in mode payment. https://docs.stripe.com/api/checkout/sessions"""

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
    read_params,
    stripe_answer,
)
from sandbox.stripe.events import Events
from sandbox.stripe.payments import DELAYED_METHODS, METHODS, Payments
from sandbox.stripe.session_params import (
    KNOWN,
    check_amount,
    check_session,
    read_expiry,
    read_item,
)

# The session of another product in the same account.
FOREIGN: Params = {
    "line_items": [{"price_data": {"currency": "usd"}}],
    "success_url": "https://shop.example.com/thanks",
    "metadata": {"order": "4711"},
}


class Sessions:
    def __init__(self, clock: Clock, events: Events, payments: Payments) -> None:
        self._clock = clock
        self._events = events
        self._payments = payments
        self._sessions: dict[str, Resource] = {}
        self._intent_data: dict[str, Params] = {}

    def reset(self) -> None:
        self._sessions.clear()
        self._intent_data.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/checkout/sessions", self.create, methods=["POST"]),
            Route("/checkout/sessions", self.list_all, methods=["GET"]),
            Route("/checkout/sessions/{id}", self.retrieve, methods=["GET"]),
            Route("/checkout/sessions/{id}/expire", self.expire, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        params = await read_params(request)
        check_known(params, KNOWN)
        check_session(params)
        items = [read_item(item, index) for index, item in enumerate(params["line_items"])]
        total = sum(item["amount_total"] for item in items)
        check_amount(total)
        session = self._build(params, str(request.base_url), total)
        self._intent_data[session["id"]] = params.get("payment_intent_data", {})
        session["_items"] = items
        self._sessions[session["id"]] = session
        life_seconds = session["expires_at"] - self._clock.wall.now()
        self._clock.wall.call_later(life_seconds, lambda: self.lapse(session))
        return stripe_answer(self._expanded(session, params))

    async def retrieve(self, request: Request) -> Response:
        params = await read_params(request)
        return stripe_answer(self._expanded(self.find(request.path_params["id"]), params))

    async def list_all(self, request: Request) -> Response:
        params = await read_params(request)
        exact = {name: params[name] for name in ("payment_intent", "status") if name in params}
        rows = [
            public(session)
            for session in reversed(self._sessions.values())
            if exact.items() <= session.items()
        ]
        return list_answer(params, "/v1/checkout/sessions", rows, expand=self._payments.expand)

    async def expire(self, request: Request) -> Response:
        session = self.find(request.path_params["id"])
        if session["status"] != "open":
            raise StripeError(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of {session['status']}."
            )
        self.lapse(session)
        return stripe_answer(public(session))

    def find(self, id: str) -> Resource:
        if id not in self._sessions:
            raise missing("checkout.session", id, param="session")
        return self._sessions[id]

    def open_sessions(self) -> list[Resource]:
        return [one for one in reversed(self._sessions.values()) if one["status"] == "open"]

    def wants_three_d_secure(self, session: Resource) -> bool:
        card = session["payment_method_options"].get("card", {})
        return card.get("request_three_d_secure") in ("any", "challenge")

    # Actions of the person at the hosted page.

    def pay(self, session: Resource, *, is_authenticated: bool, settles_later: bool) -> None:
        """Complete the session; a payment that settles later leaves it unpaid for now."""
        self._require_open(session)
        method = self._method(session, settles_later=settles_later)
        intent = self._payments.begin(session, self._intent_data[session["id"]])
        session["payment_intent"] = intent["id"]
        session["status"], session["url"] = "complete", None
        if settles_later:
            self._payments.start_processing(intent, method)
        else:
            self._payments.succeed(intent, is_authenticated=is_authenticated)
            session["payment_status"] = "paid"
        self._events.emit("checkout.session.completed", public(session))

    def decline(self, session: Resource) -> None:
        """The card is refused; the session stays open for another try."""
        self._require_open(session)
        intent = self._payments.begin(session, self._intent_data[session["id"]])
        self._payments.decline(intent)

    def settle(self, session: Resource, *, has_succeeded: bool) -> None:
        """Record the outcome of a payment that settles later."""
        if session["status"] != "complete" or session["payment_status"] != "unpaid":
            raise StripeError("This session awaits no payment")
        intent = self._payments.find_intent(session["payment_intent"])
        if has_succeeded:
            self._payments.succeed(intent, is_authenticated=False)
            session["payment_status"] = "paid"
        else:
            self._payments.decline(intent)
        outcome = "succeeded" if has_succeeded else "failed"
        self._events.emit(f"checkout.session.async_payment_{outcome}", public(session))

    def offers(self, session: Resource, *, settles_later: bool) -> list[str]:
        """Return the methods of a session that settle at once, or those that settle later."""
        methods = session["payment_method_types"]
        return [one for one in methods if (one in DELAYED_METHODS) == settles_later]

    def _method(self, session: Resource, *, settles_later: bool) -> str:
        methods = self.offers(session, settles_later=settles_later)
        if not methods:
            raise StripeError("This Checkout Session does not offer such a payment method")
        return methods[0]

    def complete_foreign(self, mode: str) -> Resource:
        """Complete a session of another product, which reaches every endpoint of the account.

        A session in mode setup has no amount, no currency and no payment
        (https://docs.stripe.com/api/checkout/sessions/object).
        """
        is_setup = mode == "setup"
        session = {
            **self._build(FOREIGN, "https://checkout.example.com/", 900),
            "mode": mode,
            "status": "complete",
            "url": None,
            "payment_status": "no_payment_required" if is_setup else "paid",
            "setup_intent": stripe_id("seti") if is_setup else None,
            "subscription": stripe_id("sub") if mode == "subscription" else None,
        }
        if is_setup:
            session |= {"amount_total": None, "amount_subtotal": None, "currency": None}
        self._events.emit("checkout.session.completed", session)
        return session

    def _require_open(self, session: Resource) -> None:
        if session["status"] != "open":
            raise StripeError(f"This Checkout Session is {session['status']}")

    def lapse(self, session: Resource) -> None:
        """Expire an open session: it was not paid in time, or the product closed the page."""
        if session["status"] == "open" and session["id"] in self._sessions:
            session["status"], session["url"] = "expired", None
            self._events.emit("checkout.session.expired", public(session))

    def _methods(self, params: Params) -> list[str]:
        """Return the methods of the dashboard, only those allowed if the product names any."""
        allowed = params.get("allowed_payment_method_types", METHODS)
        if unknown := set(allowed) - set(METHODS):
            raise StripeError(
                f"Invalid payment method types: {', '.join(sorted(unknown))}",
                param="allowed_payment_method_types",
            )
        methods = [one for one in self._payments.methods if one in allowed]
        if not methods:
            raise StripeError(
                "No valid payment method types for this Checkout Session. Activate one in the "
                "dashboard.",
                param="allowed_payment_method_types",
            )
        return methods

    def _expanded(self, session: Resource, params: Params) -> Resource:
        return self._payments.expand(public(session), params.get("expand", []))

    def _build(self, params: Params, base_url: str, total: int) -> Resource:
        id = stripe_id("cs_live" if self._events.livemode else "cs_test", 58)
        now = self._clock.timestamp()
        card = params.get("payment_method_options", {}).get("card", {})
        automatic = {"enabled": False, "liability": None, "provider": None, "status": None}
        email = params.get("customer_email")
        return {
            "id": id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": automatic,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": now,
            "currency": params["line_items"][0]["price_data"]["currency"].lower(),
            "custom_fields": [],
            "custom_text": {"submit": None},
            "customer": None,
            "customer_creation": params.get("customer_creation", "if_required"),
            "customer_details": {"email": email} if email else None,
            "customer_email": email,
            "expires_at": read_expiry(params, now),
            "livemode": self._events.livemode,
            "locale": params.get("locale"),
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_link": None,
            "payment_method_collection": "if_required",
            "payment_method_options": {"card": card} if card else {},
            "payment_method_types": self._methods(params),
            "payment_status": "unpaid",
            "phone_number_collection": {"enabled": False},
            "recovered_from": None,
            "shipping_options": [],
            "status": "open",
            "submit_type": params.get("submit_type"),
            "success_url": params["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": f"{base_url}c/pay/{id}",
        }


def public(session: Resource) -> Resource:
    return {name: value for name, value in session.items() if not name.startswith("_")}
