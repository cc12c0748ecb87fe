"""Checkout Sessions in mode payment. https://docs.stripe.com/api/checkout/sessions"""

from typing import Any
from urllib.parse import urlsplit

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

ANY: dict[str, Any] = {}
LINE_ITEM: dict[str, Any] = {
    "quantity": None,
    "price_data": {
        "currency": None,
        "unit_amount": None,
        "tax_behavior": None,
        "product_data": {"name": None, "description": None, "metadata": None, "tax_code": None},
    },
}
# What the sandbox plays of Stripe's parameters. Others are refused, never ignored.
KNOWN: dict[str, Any] = {
    "mode": None,
    "ui_mode": None,
    "success_url": None,
    "cancel_url": None,
    "client_reference_id": None,
    "currency": None,
    "customer_email": None,
    "customer_creation": None,
    "expires_at": None,
    "line_items": LINE_ITEM,
    "metadata": None,
    "payment_intent_data": {
        "description": None,
        "metadata": None,
        "receipt_email": None,
        "statement_descriptor_suffix": None,
    },
    "payment_method_options": {"card": {"request_three_d_secure": None}},
    "allowed_payment_method_types": None,
    "adaptive_pricing": {"enabled": None},
    "automatic_tax": {"enabled": None},
    "allow_promotion_codes": None,
    "billing_address_collection": None,
    "custom_text": {"submit": {"message": None}},
    "integration_identifier": None,
    "locale": None,
    "submit_type": None,
    "expand": None,
}
MIN_LIFE_SECONDS = 30 * 60
MAX_LIFE_SECONDS = 24 * 3600
SKEW_SECONDS = 60
MIN_CENTS = 50
MAX_CENTS = 99_999_999


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
            Route("/checkout/sessions/{id}/line_items", self.list_items, methods=["GET"]),
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
        self._clock.wall.call_later(life_seconds, lambda: self._lapse(session))
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
        return list_answer(params, "/v1/checkout/sessions", rows)

    async def expire(self, request: Request) -> Response:
        session = self.find(request.path_params["id"])
        if session["status"] != "open":
            raise StripeError(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of {session['status']}."
            )
        self._lapse(session)
        return stripe_answer(public(session))

    async def list_items(self, request: Request) -> Response:
        id = request.path_params["id"]
        items = self.find(id)["_items"]
        page = {"object": "list", "data": items, "has_more": False}
        return stripe_answer(page | {"url": f"/v1/checkout/sessions/{id}/line_items"})

    def find(self, id: str) -> Resource:
        if id not in self._sessions:
            raise missing("checkout.session", id, param="session")
        return self._sessions[id]

    def open_sessions(self) -> list[Resource]:
        return [one for one in reversed(self._sessions.values()) if one["status"] == "open"]

    def wants_three_d_secure(self, session: Resource) -> bool:
        card = session["payment_method_options"].get("card", {})
        return card.get("request_three_d_secure") in ("any", "challenge")

    # What the person at the hosted page does.

    def pay(self, session: Resource, *, is_authenticated: bool, settles_later: bool) -> None:
        """Complete the session; a payment that settles later leaves it unpaid for now."""
        self._require_open(session)
        intent = self._payments.begin(session, self._intent_data[session["id"]])
        session["payment_intent"] = intent["id"]
        session["status"], session["url"] = "complete", None
        if settles_later:
            self._payments.start_processing(intent)
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
        """What came of a payment that settles later."""
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

    def _require_open(self, session: Resource) -> None:
        if session["status"] != "open":
            raise StripeError(f"This Checkout Session is {session['status']}")

    def _lapse(self, session: Resource) -> None:
        if session["status"] == "open" and session["id"] in self._sessions:
            session["status"], session["url"] = "expired", None
            self._events.emit("checkout.session.expired", public(session))

    def _expanded(self, session: Resource, params: Params) -> Resource:
        return self._payments.expand(public(session), params.get("expand", []))

    def _build(self, params: Params, base_url: str, total: int) -> Resource:
        id = stripe_id("cs_test", 58)
        now = self._clock.timestamp()
        expires_at = now + MAX_LIFE_SECONDS
        if "expires_at" in params:
            expires_at = read_integer(params["expires_at"], "expires_at")
            check_expiry(expires_at, now)
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
            "expires_at": expires_at,
            "livemode": False,
            "locale": params.get("locale"),
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_link": None,
            "payment_method_collection": "if_required",
            "payment_method_options": {"card": card} if card else {},
            "payment_method_types": ["card"],
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


def check_session(params: Params) -> None:
    if params.get("mode") != "payment":
        raise StripeError("The sandbox plays mode=payment", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The sandbox plays ui_mode=hosted_page", param="ui_mode")
    if not params.get("line_items"):
        raise required("line_items")
    if not params.get("success_url"):
        raise required("success_url")
    for name in ("success_url", "cancel_url"):
        url = params.get(name)
        if url is not None and urlsplit(url).scheme not in ("http", "https"):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)


def check_expiry(expires_at: int, now: int) -> None:
    """Thirty minutes to a day from now, give or take the way of the request."""
    if not MIN_LIFE_SECONDS - SKEW_SECONDS <= expires_at - now <= MAX_LIFE_SECONDS + SKEW_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )


def check_amount(total: int) -> None:
    if total < MIN_CENTS:
        raise StripeError(
            "The Checkout Session's total amount must convert to at least 50 cents.",
            code="amount_too_small",
        )
    if total > MAX_CENTS:
        raise StripeError(
            "The Checkout Session's total amount due must be no more than $999,999.99.",
            code="amount_too_large",
        )


def read_item(item: Params, index: int) -> Resource:
    where = f"line_items[{index}]"
    price = item.get("price_data")
    if not price:
        raise required(f"{where}[price_data]")
    for name in ("currency", "unit_amount", "product_data"):
        if not price.get(name):
            raise required(f"{where}[price_data][{name}]")
    if price["currency"].lower() != "usd":
        raise StripeError("The sandbox plays usd", param=f"{where}[price_data][currency]")
    if not price["product_data"].get("name"):
        raise required(f"{where}[price_data][product_data][name]")
    amount = read_integer(price["unit_amount"], f"{where}[price_data][unit_amount]")
    quantity = read_integer(item.get("quantity", "1"), f"{where}[quantity]")
    if amount < 0 or quantity < 1:
        raise StripeError("Invalid amount or quantity", param=where)
    return {
        "id": stripe_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount * quantity,
        "amount_tax": 0,
        "amount_total": amount * quantity,
        "currency": "usd",
        "description": price["product_data"]["name"],
        "quantity": quantity,
    }
