"""The offers of the page that calls: each mode with its price, longest time and shown number."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.models import User
from mobayilo.lib.errors import ProductError
from telephony.calls.place import CallRequest, find_quote
from telephony.calls.quote import CallOrder, Quote
from telephony.models import Call
from telephony.numbers import country_name


@dataclass(frozen=True, slots=True)
class Offer:
    """One mode of a call, with its quote, or with the refusal that placing it would meet."""

    mode: Call.Mode
    quote: Quote | None
    refusal: ProductError | None
    key: str  # of the form, so that a form that is sent twice places one call


@dataclass(frozen=True)
class Offers:
    """The offers for one number."""

    items: Sequence[Offer]

    @cached_property
    def quote(self) -> Quote | None:
        """A quote of any mode, for what holds in every mode, such as the number."""
        return next((offer.quote for offer in self.items if offer.quote), None)

    @property
    def country_name(self) -> str:
        return country_name(self.quote.route.number.country) if self.quote else ""

    @property
    def refusal(self) -> ProductError | None:
        """The refusal of every mode, where they are all refused for one reason."""
        refusals = [offer.refusal for offer in self.items]
        first = refusals[0]
        if first is None or any(one is None or one.code != first.code for one in refusals):
            return None
        return first

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The numbers that an ambiguous text can mean."""
        return list(self.refusal.details.get("candidates", ())) if self.refusal else []


def find_offers(user: User, *, to: str, country: str | None) -> Offers:
    """Return the offers for a text that a user wrote. Nothing is stored about a refusal."""
    return Offers(
        [
            offer
            for mode in (Call.Mode.COMPUTER, Call.Mode.CALLBACK)
            if (offer := _offer(CallRequest(user, None, CallOrder(to, country, mode=mode))))
        ]
    )


def _offer(request: CallRequest) -> Offer | None:
    """Return the offer of a mode, None for a mode that the operator has not set up."""
    mode, key = request.order.mode, secrets.token_urlsafe(16)
    try:
        quote = find_quote(request)
    except ProductError as refusal:
        if refusal.code == "computer_calls_closed":
            return None
        return Offer(mode, None, refusal, key)
    return Offer(mode, quote, quote.refusal, key)
