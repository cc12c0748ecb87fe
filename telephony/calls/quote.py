"""What a call will cost and how long it may last, told before anything rings."""

from dataclasses import dataclass, field

from django.conf import settings

from accounts.guards import Guards, destination_is_allowed
from accounts.models import AccessToken, Account
from billing.ledger import balance_of
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony.models import CallerId
from telephony.numbers import Number, number_from_e164, read_number
from telephony.phones.caller_ids import caller_id_for_calls, check_own_phone
from telephony.pricing import CallPrice
from telephony.rates.deck import DeckIndex, RateRow, current_deck, find_rate
from telephony.rules.limits import Limits, limits_of
from telephony.rules.policy import Activity, activity_of, check_destination


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
    """An amount that a call may not go over, and the refusal when it is not enough."""

    micros: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Route:
    """A permitted call: from which phone, to which number, at which price."""

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
    """A route, and what the money at hand affords on it."""

    route: Route
    limit_seconds: int
    available_micros: int
    budgets: list[Budget] = field(default_factory=list)

    @property
    def hold_micros(self) -> int:
        return self.route.price.hold_micros(self.limit_seconds) if self.limit_seconds else 0


def find_route(account: Account, token: AccessToken | None, order: CallOrder) -> Route:
    """Reads the number and decides whether it may be called. Raises the reason why not."""
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen, so it cannot call.")
    number = read_wanted(account, order.to, order.country)
    caller_id = caller_id_for_calls(account, order.caller_id)
    deck = current_deck()
    rate = check_destination(account, number, deck.find(number.e164))
    if number.e164 == caller_id.e164:
        raise ProductError(
            "own_number", f"{number.international} is your own phone, which rings first."
        )
    _check_guards(token, caller_id, number)
    price = CallPrice(
        leg_a=_own_rate(account, deck, caller_id).price,
        leg_b=rate.price,
        ring_seconds=settings.CALL_RING_SECONDS,
    )
    cap_seconds = min(order.max_seconds or settings.CALL_MAX_SECONDS, settings.CALL_MAX_SECONDS)
    return Route(
        account, token, caller_id, number, deck.deck_id, rate, price, cap_seconds,
        limits_of(caller_id.account), order.max_cost_micros,
    )  # fmt: skip


def read_wanted(account: Account, text: str, country: str | None) -> Number:
    """The number that somebody of the account means; where it can be several, each has its price.

    Raises what `read_number` raises.
    """
    default = account.default_country or None
    try:
        return read_number(text, stated_country=country, default_country=default)
    except ProductError as refusal:
        for candidate in refusal.details.get("candidates", ()):
            candidate["price_per_minute"] = price_per_minute(candidate["e164"])
        raise


def price_per_minute(e164: str) -> str | None:
    """The destination's leg alone, in dollars; None where it has no price."""
    try:
        rate = find_rate(e164)
    except ProductError:
        return None
    return format_micros(rate.price.micros_per_minute) if rate else None


def _own_rate(account: Account, deck: DeckIndex, caller_id: CallerId) -> RateRow:
    return check_destination(account, number_from_e164(caller_id.e164), deck.find(caller_id.e164))


def _check_guards(token: AccessToken | None, caller_id: CallerId, number: Number) -> None:
    """Refuse a call of which either leg is outside of the token's guards."""
    if token is None:
        return
    guards = Guards.from_columns(token)
    if not destination_is_allowed(guards, e164=number.e164, country=number.country):
        raise ProductError("guard_destination", f"This token may not call {number.international}.")
    check_own_phone(token, caller_id.e164)


def quote(route: Route) -> Quote:
    """How long the call may last with the money that is there now; 0 seconds if not at all."""
    line = route.token.line if route.token else ""
    activity = activity_of(route.account, line=line)
    return offer(route, balance_of(route.account).available_micros, activity)


def offer(route: Route, available_micros: int, activity: Activity) -> Quote:
    """The longest call that every budget covers."""
    budgets = _budgets(route, available_micros, activity)
    least = min(budgets, key=lambda budget: budget.micros)
    limit = route.price.limit_seconds(budget_micros=least.micros, cap_seconds=route.cap_seconds)
    return Quote(route, limit, available_micros, budgets)


def check_affordable(offered: Quote) -> None:
    """Raises the refusal of the tightest budget when not even the first increment fits in it."""
    if offered.limit_seconds:
        return
    least = min(offered.budgets, key=lambda budget: budget.micros)
    price = offered.route.price
    shortest = min(price.leg_b.first_seconds, offered.route.cap_seconds)
    needed = format_micros(price.hold_micros(shortest))
    raise ProductError(
        least.code,
        f"{least.message} The shortest call to {offered.route.number.international} "
        f"sets ${needed} aside.",
        details={"needed": needed, "available": format_micros(max(0, least.micros))},
    )


def _budgets(route: Route, available: int, activity: Activity) -> list[Budget]:
    """Every amount that limits the call."""
    owes = available < 0
    budgets = [
        Budget(
            available,
            "account_owes" if owes else "insufficient_funds",
            f"You owe ${format_micros(-available)}."
            if owes
            else f"${format_micros(available)} is available.",
        )
    ]
    spend_max_cents = route.limits.spend_max_cents_per_day
    budgets.append(
        Budget(
            spend_max_cents * MICROS_PER_CENT - activity.spent_today_micros,
            "spending_limit",
            f"An account may spend ${spend_max_cents / 100:.2f} a day.",
        )
    )
    if route.max_cost_micros is not None:
        budgets.append(
            Budget(route.max_cost_micros, "limit_too_low", "That is too little for a call.")
        )
    if route.token is not None:
        budgets += _guard_budgets(
            Guards.from_columns(route.token), activity.spent_today_by_line_micros
        )
    return budgets


def _guard_budgets(guards: Guards, spent_micros: int) -> list[Budget]:
    budgets = []
    if guards.max_cents_per_call is not None:
        limit = guards.max_cents_per_call * MICROS_PER_CENT
        words = f"This token may spend ${format_micros(limit)} a call."
        budgets.append(Budget(limit, "guard_spend_call", words))
    if guards.max_cents_per_day is not None:
        limit = guards.max_cents_per_day * MICROS_PER_CENT
        words = f"This token may spend ${format_micros(limit)} a day (UTC)."
        budgets.append(Budget(limit - spent_micros, "guard_spend_day", words))
    return budgets
