"""How rates, numbers, quotes and receipts are told, by the API and by pages alike."""

from collections import defaultdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import CURRENCY, format_micros
from telephony.calls.quote import CallFunds, Quote, price_per_minute
from telephony.calls.settlement import charge_of
from telephony.models import Call
from telephony.numbers import Number, country_name, read_number
from telephony.pricing import Price
from telephony.rates.deck import RateRow

CALLBACK = "callback"  # the mode of every call: the customer's phone rings first
MIN_DIGITS = 3  # below, nothing can be said of a number that is being typed


def rates_of(iso: str, rows: list[RateRow], funds: CallFunds | None) -> dict[str, Any]:
    """Rows of one description and price are one line with several prefixes."""
    lines: dict[tuple[str, str, Price], list[RateRow]] = defaultdict(list)
    for row in rows:
        lines[row.description, row.kind, row.price].append(row)
    rates = [
        {
            "description": description,
            "kind": kind,
            "prefixes": sorted(row.prefix for row in alike),
            **_price(price),
            "buys_seconds": funds.buys_seconds(alike[0]) if funds else None,
        }
        for (description, kind, price), alike in lines.items()
    ]
    rates.sort(key=lambda rate: (str(rate["kind"]), str(rate["description"])))
    return {
        "country": iso,
        "country_name": country_name(iso),
        "currency": CURRENCY,
        "available": format_micros(funds.available_micros) if funds else None,
        "your_phone": (
            {"e164": funds.caller_id.e164, **_price(funds.own_price)} if funds else None
        ),
        "rates": rates,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "price_per_minute": format_micros(price.micros_per_minute),
        "first_seconds": price.first_seconds,
        "next_seconds": price.next_seconds,
    }


def number_check_of(number: Number, rate: RateRow | None, reason: str | None) -> dict[str, Any]:
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
        "callable": reason is None,
        "reason": reason,
    }


def number_in_words(text: str, *, stated_country: str | None, default_country: str | None) -> str:
    """What a number that is half typed is by now, or why it is none; nothing for a few digits."""
    if sum(char.isdigit() for char in text) < MIN_DIGITS:
        return ""
    try:
        number = read_number(text, stated_country=stated_country, default_country=default_country)
    except ProductError as refusal:
        return refusal.message
    price = price_per_minute(number.e164)
    cost = _("$%(price)s a minute") % {"price": price} if price else _("no price")
    kind = str(number.kind).replace("_", " ")
    return f"{number.international} ({country_name(number.country)}, {kind}): {cost}"


def quote_of(offer: Quote) -> dict[str, Any]:
    route = offer.route
    return {
        "to": route.number.e164,
        "country": route.number.country,
        "country_name": country_name(route.number.country),
        "kind": str(route.number.kind),
        "international": route.number.international,
        "extension": route.number.extension,
        "mode": CALLBACK,
        "from": route.caller_id.e164,
        "caller_id": route.caller_id.public_id,
        "shown_number": route.caller_id.e164,
        "legs": [
            _leg("a", route.caller_id.e164, route.price.leg_a),
            _leg("b", route.number.e164, route.price.leg_b),
        ],
        "price_per_minute": format_micros(route.price.micros_per_minute),
        "terms": route.price.terms,
        "max_seconds": offer.limit_seconds,
        "hold": format_micros(offer.hold_micros),
        "available": format_micros(offer.available_micros),
    }


def _leg(leg: str, e164: str, price: Price) -> dict[str, Any]:
    return {"leg": leg, "e164": e164, **_price(price)}


def poll_after_seconds(call: Call) -> float:
    """The pace at which a client that follows a call asks: quick while it rings, then slower."""
    if call.settled_at is not None:
        return 60.0
    if call.has_ended:
        return 0.5
    if call.state != Call.State.ANSWERED or call.answered_at is None:
        return 1.0
    talking_seconds = (timezone.now() - call.answered_at).total_seconds()
    return min(5.0, max(1.0, talking_seconds / 20))


def receipt_of(call: Call) -> dict[str, Any] | None:
    """The arithmetic of a settled call: seconds, rounded to increments, times the price."""
    if call.leg_a_cost_micros is None or call.leg_b_cost_micros is None:
        return None
    charge, price = charge_of(call), call.price
    lines = [
        ("a", call.from_e164, price.leg_a, charge.leg_a_seconds, call.leg_a_cost_micros),
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
    return {"legs": legs, "total": format_micros(call.leg_a_cost_micros + call.leg_b_cost_micros)}
