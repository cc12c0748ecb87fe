"""The price of a call and the time that the balance affords, both known before any phone rings."""

from dataclasses import dataclass, field

from django.conf import settings

from accounts.guards import Guards, destination_is_allowed
from accounts.models import AccessToken, Account
from billing.models import Wallet
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony.models import CallerId
from telephony.numbers import Number, number_from_e164, read_number
from telephony.phones.caller_ids import caller_id_for_calls, check_own_phone
from telephony.pricing import CallPrice, Price
from telephony.rates.deck import DeckIndex, RateRow, current_deck, find_rate
from telephony.rules import REFUSED_KINDS, Activity, Limits, check_destination, limits_of

LONGEST_SECONDS = 10_000_000  # the time that a price of next to nothing buys is not counted further


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A call to place or to quote, as the client asked for it."""

    to: str
    country: str | None = None
    caller_id: str | None = None
    max_seconds: int | None = None
    max_cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount that a call may not exceed, and the refusal when the amount is too small."""

    micros: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Route:
    """A permitted call, with the phone that rings first, the number and the price."""

    account: Account
    token: AccessToken | None
    caller_id: CallerId
    number: Number
    deck_id: int
    rate: RateRow
    price: CallPrice
    cap_seconds: int
    limits: Limits
    max_cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A route, and the time that the available money affords on it."""

    route: Route
    limit_seconds: int
    available_micros: int
    budgets: list[Budget] = field(default_factory=list)

    @property
    def hold_micros(self) -> int:
        return self.route.price.hold_micros(self.limit_seconds) if self.limit_seconds else 0


def find_route(account: Account, token: AccessToken | None, order: CallOrder) -> Route:
    """Read the number of an order and find its price. Raises ProductError if it is refused."""
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen, so it cannot call.")
    number = read_called_number(account, order.to, order.country)
    caller_id = caller_id_for_calls(account, order.caller_id)
    deck = current_deck()
    rate = check_destination(account, number, deck.find(number.e164))
    if number.e164 == caller_id.e164:
        raise ProductError(
            "own_number", f"{number.international} is your own phone, which rings first."
        )
    if token is not None:
        guards = Guards.from_columns(token)
        if not destination_is_allowed(guards, e164=number.e164, country=number.country):
            raise ProductError(
                "guard_destination", f"This token may not call {number.international}."
            )
        check_own_phone(token, caller_id.e164)
    own_phone = number_from_e164(caller_id.e164)
    own_rate = check_destination(account, own_phone, deck.find(caller_id.e164))
    price = CallPrice(own_rate.price, rate.price, ring_seconds=settings.CALL_RING_SECONDS)
    cap_seconds = min(order.max_seconds or settings.CALL_MAX_SECONDS, settings.CALL_MAX_SECONDS)
    return Route(
        account, token, caller_id, number, deck.deck_id, rate, price, cap_seconds,
        limits_of(caller_id.account), order.max_cost_micros,
    )  # fmt: skip


def read_called_number(account: Account, text: str, country: str | None) -> Number:
    """Read a number as a user of the account writes it.

    Raises the errors of `read_number`; the candidates of an ambiguous number get their prices.
    """
    default = account.default_country or None
    try:
        return read_number(text, stated_country=country, default_country=default)
    except ProductError as refusal:
        for candidate in refusal.details.get("candidates", ()):
            candidate["price_per_minute"] = price_per_minute(candidate["e164"])
        raise


def price_per_minute(e164: str) -> str | None:
    """Return the price of leg B alone in dollars, None if the number has no price."""
    try:
        rate = find_rate(e164)
    except ProductError:
        return None
    return format_micros(rate.price.micros_per_minute) if rate else None


def quote_route(route: Route, available_micros: int, activity: Activity) -> Quote:
    """Return the longest call that every budget covers, of 0 seconds if there is none."""
    budgets = _budgets(route, available_micros, activity)
    least = min(budgets, key=lambda budget: budget.micros)
    limit = route.price.limit_seconds(budget_micros=least.micros, cap_seconds=route.cap_seconds)
    return Quote(route, limit, available_micros, budgets)


def check_affordable(quote: Quote) -> None:
    """Raise the refusal of the smallest budget if it does not cover the first increment."""
    if quote.limit_seconds:
        return
    least = min(quote.budgets, key=lambda budget: budget.micros)
    price = quote.route.price
    shortest_seconds = min(price.leg_b.first_seconds, quote.route.cap_seconds)
    needed = format_micros(price.hold_micros(shortest_seconds))
    raise ProductError(
        least.code,
        f"{least.message} The shortest call to {quote.route.number.international} "
        f"sets ${needed} aside.",
        details={"needed": needed, "available": format_micros(max(0, least.micros))},
    )


def _budgets(route: Route, available_micros: int, activity: Activity) -> list[Budget]:
    """Return every amount that limits the call."""
    if available_micros < 0:
        owed = format_micros(-available_micros)
        budgets = [Budget(available_micros, "account_owes", f"You owe ${owed}.")]
    else:
        message = f"${format_micros(available_micros)} is available."
        budgets = [Budget(available_micros, "insufficient_funds", message)]
    cents = route.limits.spend_max_cents_per_day
    left_micros = cents * MICROS_PER_CENT - activity.spent_today_micros
    message = f"An account may spend ${cents / 100:.2f} a day."
    budgets.append(Budget(left_micros, "spending_limit", message))
    if route.max_cost_micros is not None:
        message = "That is too little for a call."
        budgets.append(Budget(route.max_cost_micros, "limit_too_low", message))
    guards = Guards.from_columns(route.token) if route.token else Guards()
    if guards.max_cents_per_call is not None:
        limit_micros = guards.max_cents_per_call * MICROS_PER_CENT
        message = f"This token may spend ${format_micros(limit_micros)} a call."
        budgets.append(Budget(limit_micros, "guard_spend_call", message))
    if guards.max_cents_per_day is not None:
        limit_micros = guards.max_cents_per_day * MICROS_PER_CENT
        left_micros = limit_micros - activity.spent_today_by_line_micros
        message = f"This token may spend ${format_micros(limit_micros)} a day (UTC)."
        budgets.append(Budget(left_micros, "guard_spend_day", message))
    return budgets


@dataclass(frozen=True, slots=True)
class CallFunds:
    """The phone that rings first, its price, and the money that is available for calls."""

    caller_id: CallerId
    own_price: Price
    available_micros: int

    def buys_seconds(self, rate: RateRow) -> int | None:
        """Return the longest single call, None if no call is allowed or the price sets no end."""
        if rate.kind in REFUSED_KINDS:
            return None
        price = CallPrice(self.own_price, rate.price, ring_seconds=settings.CALL_RING_SECONDS)
        seconds = price.limit_seconds(
            budget_micros=self.available_micros, cap_seconds=LONGEST_SECONDS
        )
        return None if seconds == LONGEST_SECONDS else seconds


def funds_of(account: Account, deck: DeckIndex) -> CallFunds | None:
    """Return the funds for calls, None if the account has no phone to ring, or none with a price.

    Costs a query for the wallet, unless the account was read with it.
    """
    try:
        caller_id = caller_id_for_calls(account, None)
    except ProductError:
        return None
    own = deck.find(caller_id.e164)
    if own is None:
        return None
    wallet: Wallet | None = getattr(account, "wallet", None)
    return CallFunds(caller_id, own.price, wallet.available_micros if wallet else 0)
