"""How long somebody can talk for what they have, both legs of a call counted."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import Account
from billing.ledger import joined_balance
from mobayilo.lib.errors import ProductError
from telephony.models import CallerId
from telephony.phones.caller_ids import caller_id_for_calls
from telephony.pricing import CallPrice, Price
from telephony.rates.deck import DeckIndex, RateRow
from telephony.rules.policy import REFUSED_KINDS

LONGEST_SECONDS = 10_000_000  # what costs next to nothing is not counted further


@dataclass(frozen=True, slots=True)
class CallFunds:
    """The phone that rings first, what it costs, and the money there is."""

    caller_id: CallerId
    own_price: Price
    available_micros: int

    def buys_seconds(self, rate: RateRow) -> int | None:
        """The longest single call; None where none is allowed or the price sets no end."""
        if rate.kind in REFUSED_KINDS:
            return None
        price = CallPrice(self.own_price, rate.price, ring_seconds=settings.CALL_RING_SECONDS)
        seconds = price.limit_seconds(
            budget_micros=self.available_micros, cap_seconds=LONGEST_SECONDS
        )
        return None if seconds == LONGEST_SECONDS else seconds


def funds_of(account: Account, deck: DeckIndex) -> CallFunds | None:
    """None where calls would ring no phone yet, or one without a price.

    The account may come with its wallet, which is asked for otherwise.
    """
    try:
        caller_id = caller_id_for_calls(account, None)
    except ProductError:
        return None
    own = deck.find(caller_id.e164)
    if own is None:
        return None
    return CallFunds(caller_id, own.price, joined_balance(account).available_micros)
