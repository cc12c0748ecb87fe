"""Parameters of a Checkout Session, and the refusals of Stripe for all others."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.ids import stripe_id
from sandbox.stripe.answers import Params, Resource, StripeError, read_integer, required

LINE_ITEM: dict[str, Any] = {
    "quantity": None,
    "price_data": {
        "currency": None,
        "unit_amount": None,
        "tax_behavior": None,
        "product_data": {"name": None, "description": None, "metadata": None, "tax_code": None},
    },
}
# Parameters of Stripe that the sandbox plays. Others are refused, never ignored.
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


def check_session(params: Params) -> None:
    if params.get("mode") != "payment":
        raise StripeError("The sandbox plays mode=payment", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The sandbox plays ui_mode=hosted_page", param="ui_mode")
    if not isinstance(params.get("line_items"), list):
        raise required("line_items")
    if not params.get("success_url"):
        raise required("success_url")
    for name in ("success_url", "cancel_url"):
        check_url(params.get(name), name)
    email = params.get("customer_email")
    if email is not None and not is_email(email):
        raise StripeError(
            f"Invalid email address: {email}", code="email_invalid", param="customer_email"
        )


def check_url(url: str | None, name: str) -> None:
    if url is not None and urlsplit(url).scheme not in ("http", "https"):
        raise StripeError("Not a valid URL", code="url_invalid", param=name)


def is_email(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host and " " not in text)


def read_expiry(params: Params, now: int) -> int:
    """Thirty minutes to a day from now, give or take the way of the request."""
    if "expires_at" not in params:
        return now + MAX_LIFE_SECONDS
    expires_at = read_integer(params["expires_at"], "expires_at")
    if not MIN_LIFE_SECONDS - SKEW_SECONDS <= expires_at - now <= MAX_LIFE_SECONDS + SKEW_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    return expires_at


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
