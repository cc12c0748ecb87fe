"""Answers of the API, built from what operations return. Pages show parts of these answers too."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import CURRENCY, format_micros, format_money
from telephony.calls.quote import CallFunds, Origin, Quote, in_modes, rate_from, total_per_minute
from telephony.calls.settlement import charge_of
from telephony.models import Call, CallerId, Registration
from telephony.numbers import Number, country_name, mask, read_number
from telephony.phones.registrations import CALLS_FROM
from telephony.pricing import Price
from telephony.rates.deck import DeckIndex, RateRow, current_deck
from telephony.rules import REFUSED_KINDS

COMPUTER_LEG = "computer"  # the other end of a leg that has no number
MIN_DIGITS = 3  # fewer say nothing about a number that is being typed


def rates_of(
    iso: str, rows: list[RateRow], deck: DeckIndex, funds: CallFunds | None
) -> dict[str, Any]:
    """Return RATES of the contract. Rows of one description and price share a line."""
    origin, available = (funds.origin, funds.available_micros) if funds else (None, None)
    lines: dict[tuple[Any, ...], list[RateRow]] = defaultdict(list)
    for row in rows:
        totals = total_per_minute(deck, origin, row)
        lines[row.description, row.kind, row.price, *totals.values()].append(row)
    rates = [
        {
            "description": alike[0].description,
            "kind": alike[0].kind,
            "prefixes": sorted(row.prefix for row in alike),
            **_price(alike[0].price),
            "total_per_minute": total_per_minute(deck, origin, alike[0]),
            "buys_seconds": funds.buys_seconds(alike[0]) if funds else None,
        }
        for alike in lines.values()
    ]
    rates.sort(key=lambda rate: (str(rate["kind"]), str(rate["description"])))
    return {
        "country": iso,
        "country_name": country_name(iso),
        "currency": CURRENCY,
        "available": None if available is None else format_micros(available),
        **_origin(origin),
        "rates": rates,
    }


def _origin(origin: Origin | None) -> dict[str, Any]:
    if origin is None:
        return {"from": None, "your_phone": None}
    price = _price(origin.price)
    phone = origin.caller_id
    return {
        "from": {
            "country": origin.country,
            "country_name": country_name(origin.country),
            **price,
        },
        "your_phone": {"e164": phone.e164, **price} if phone else None,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "price_per_minute": format_micros(price.micros_per_minute),
        "first_seconds": price.first_seconds,
        "next_seconds": price.next_seconds,
    }


def number_check_of(
    number: Number,
    rate: RateRow | None,
    reason: str | None,
    *,
    deck: DeckIndex | None,
    origin: Origin | None,
) -> dict[str, Any]:
    """Return NUMBER of the contract; `reason` is the error code of a call to the number."""
    return {
        "e164": number.e164,
        "country": number.country,
        "country_name": country_name(number.country),
        "kind": str(number.kind),
        "international": number.international,
        "national": number.national,
        "extension": number.extension,
        "redial": number.redial,
        "price_per_minute": format_micros(rate.price.micros_per_minute) if rate else None,
        "total_per_minute": total_per_minute(deck if reason is None else None, origin, rate),
        "callable": reason is None,
        "reason": reason,
    }


def number_in_words(
    text: str,
    *,
    stated_country: str | None,
    default_country: str | None,
    priced_from: Callable[[DeckIndex], Origin | None] | None = None,
) -> str:
    """Describe a number while it is typed, or why it is none; return nothing for few digits.

    The price is the whole price from a phone, and left out without `priced_from`.
    """
    if sum(char.isdigit() for char in text) < MIN_DIGITS:
        return ""
    try:
        number = read_number(text, stated_country=stated_country, default_country=default_country)
    except ProductError as refusal:
        return refusal.message
    kind = str(number.kind).replace("_", " ")
    words = f"{number.international} ({country_name(number.country)}, {kind})"
    if priced_from is None:
        return words
    return f"{words}: {_price_in_words(number, priced_from)}"


def _price_in_words(number: Number, priced_from: Callable[[DeckIndex], Origin | None]) -> str:
    try:
        deck = current_deck()
        origin = priced_from(deck)
        rate = rate_from(origin, deck, number)
    except ProductError as refusal:
        return refusal.message
    if rate is None:
        return _("no price, so it cannot be called")
    if rate.kind in REFUSED_KINDS or number.kind in REFUSED_KINDS:
        return _("cannot be called")
    if origin is None:
        return _("%(price)s a minute, and your own phone's side") % {
            "price": format_money(rate.price.micros_per_minute)
        }
    return _("%(price)s a minute in all, from %(phone)s") % {
        "price": format_money(origin.micros_per_minute(rate) or 0),
        "phone": origin.in_words,
    }


def quote_of(quote: Quote, *, on_terminal: bool) -> dict[str, Any]:
    """Return QUOTE of the contract, a refusal in words for `moby` or for an API client."""
    route, refusal = quote.route, quote.refusal
    is_through_computer = route.order.mode == Call.Mode.COMPUTER
    return {
        "to": route.number.e164,
        "country": route.number.country,
        "country_name": country_name(route.number.country),
        "kind": str(route.number.kind),
        "international": route.number.international,
        "extension": route.number.extension,
        "mode": route.order.mode,
        "from": route.caller_id.e164,
        "caller_id": route.caller_id.public_id,
        "shown_number": route.shown.e164,
        "fallback_number": route.shown.fallback_e164,
        "registration_helps": route.shown.registration_helps,
        "charges_attempt": quote.charges_attempt or settings.CHARGE_UNANSWERED_CALLS,
        "asks_for_key": route.price.asks_for_key,
        "legs": [
            {
                "leg": "a",
                "e164": None if is_through_computer else route.caller_id.e164,
                **_price(route.price.leg_a),
            },
            {"leg": "b", "e164": route.number.e164, **_price(route.price.leg_b)},
        ],
        "price_per_minute": format_micros(route.price.micros_per_minute),
        "total_per_minute": in_modes(
            route.micros_per_minute[Call.Mode.CALLBACK], route.micros_per_minute[Call.Mode.COMPUTER]
        ),
        "terms": route.price.terms,
        "max_seconds": quote.limit_seconds,
        "hold": format_micros(quote.hold_micros),
        "limited_by": quote.limited_by,
        "available": format_micros(quote.funds.available_micros),
        "held": format_micros(quote.funds.held_micros),
        "held_by": [
            {
                "call_id": call.public_id,
                "to": mask(call.to_e164),
                "hold": format_micros(call.hold_micros),
            }
            for call in quote.funds.holding
        ],
        "refusal": refusal
        and {**refusal.as_object(on_terminal=on_terminal), "status": refusal.kind.status},
    }


def registration_answer_of(
    caller_id: CallerId, registration: Registration | None
) -> dict[str, Any]:
    """Return REGISTRATION of the contract. A number removed at the carrier is not registered."""
    state = registration.state if registration else ""
    is_calling = state in Registration.OPEN_STATES
    shown = {"registered": "registered", "failed": "failed"}.get(state, "none")
    return {
        "caller_id": caller_id.public_id,
        "e164": caller_id.e164,
        "state": "calling" if is_calling else shown,
        "code": (registration.code or None) if registration else None,
        "calls_from": CALLS_FROM,
        "expires_at": registration.expires_at if registration and is_calling else None,
        "failure": (registration.failure or None) if registration else None,
    }


def poll_after_seconds(call: Call) -> float:
    """Return the pace for a client that follows a call: quick while it rings, then slower."""
    if call.settled_at is not None:
        return 60.0
    if call.has_ended:
        return 0.5
    if call.state != Call.State.ANSWERED or call.answered_at is None:
        return 1.0
    talking_seconds = (timezone.now() - call.answered_at).total_seconds()
    return min(5.0, max(1.0, talking_seconds / 20))


def receipt_of(call: Call) -> dict[str, Any] | None:
    """Return the receipt of a settled call: seconds, rounded to increments, times the price."""
    if call.leg_a_cost_micros is None or call.leg_b_cost_micros is None:
        return None
    charge, price = charge_of(call), call.price
    own_end = COMPUTER_LEG if call.is_through_computer else call.from_e164
    lines = [
        ("a", own_end, price.leg_a, charge.leg_a_seconds, call.leg_a_cost_micros),
        ("b", call.to_e164, price.leg_b, charge.leg_b_seconds, call.leg_b_cost_micros),
    ]
    legs = [
        {
            "leg": leg,
            "to": e164,
            "seconds": seconds,
            "billed_seconds": rate.billed_seconds(seconds) if cost else 0,
            "first_seconds": rate.first_seconds,
            "next_seconds": rate.next_seconds,
            "price_per_minute": format_micros(rate.micros_per_minute),
            "cost": format_micros(cost),
        }
        for leg, e164, rate, seconds, cost in lines
    ]
    return {
        "legs": legs,
        "shown_number": call.seen_e164,
        "total": format_micros(call.leg_a_cost_micros + call.leg_b_cost_micros),
    }
