"""The price of a call and the time that the balance affords, both known before any phone rings.

A quote is of one mode; the page that calls shows an offer for each. Price lists name no number to
call: they show the whole price from an origin, which is a phone of the customer or of a country.
"""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import phonenumbers
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from accounts.guards import Guards, destination_is_allowed
from accounts.models import AccessToken, Account, User
from billing.ledger import Balance, balance_of
from billing.models import Wallet
from mobayilo.lib.client_ip import country_of
from mobayilo.lib.errors import Hints, ProductError
from mobayilo.lib.formatting import format_e164
from mobayilo.lib.money import (
    MICROS_PER_CENT,
    format_balance,
    format_held,
    format_micros,
    format_money,
)
from telephony.models import Call, CallerId
from telephony.numbers import (
    Number,
    country_code,
    country_name,
    country_names,
    mask,
    number_from_e164,
    read_number,
)
from telephony.phones.caller_ids import caller_id_for_calls, check_own_phone
from telephony.phones.shown import (
    ShownFacts,
    ShownNumber,
    choose_shown_number,
    current_rules,
    refuse_other_number,
    shown_facts,
)
from telephony.pricing import CallPrice, Price
from telephony.rates.deck import DeckIndex, RateRow, current_deck
from telephony.rules import (
    REFUSED_KINDS,
    Activity,
    Limits,
    activity_of,
    check_destination,
    check_own_phone_price,
    check_unpaid_cost,
    limits_of,
)

# An order that names neither time nor cost lasts so long at most. Its hold is the price of that
# time, and money that is held pays for no other call meanwhile.
USUAL_SECONDS = 3_600
LONGEST_SECONDS = 10_000_000  # the time that a price of next to nothing buys is not counted further
USUAL_COUNTRY = "US"  # of visitors whose country no proxy reports
# Customers call from a mobile; a country whose plan has no example of one has one of a landline.
_USUAL_KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
HELD_HINTS = Hints(
    "Wait until those calls have ended, end one, or place calls with a lower max_seconds.",
    page="Wait until the call has ended, or end it.",
    terminal="Hang up with moby calls hangup ID, hold less with --max-minutes, or top up: "
    "moby topup 20 --open",
)


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A call to place or to quote, as the client asked for it."""

    to: str
    country: str | None = None
    caller_id: str | None = None
    max_seconds: int | None = None
    max_cost_micros: int | None = None
    only_my_number: bool | None = None  # None: as the account has it
    mode: Call.Mode = Call.Mode.CALLBACK

    @property
    def cap(self) -> tuple[int, str]:
        """Return the longest time of the call in seconds, and the name of what sets that time."""
        longest = settings.CALL_MAX_SECONDS
        if self.max_seconds is not None and self.max_seconds < longest:
            return self.max_seconds, "max_seconds"
        if self.max_seconds is None and self.max_cost_micros is None and longest > USUAL_SECONDS:
            return USUAL_SECONDS, "usual_time"
        return longest, "longest_time"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call order with the user and token that sent it.

    A request with the key of an earlier request is a repetition of that one.
    """

    user: User
    token: AccessToken | None
    order: CallOrder
    expected_micros_per_minute: int | None = None
    expected_terms: str | None = None
    expected_shown_number: str | None = None
    idempotency_key: str | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount that a call may not exceed, and the refusal when the amount is too small."""

    micros: int
    code: str
    message: str


@dataclass(frozen=True)
class Funds:
    """The money of an account: what is available, and what calls under way hold."""

    account: Account
    available_micros: int
    held_micros: int

    @cached_property
    def holding(self) -> list[Call]:
        """The calls that hold money. Costs a query if any money is held."""
        if not self.held_micros:
            return []
        return list(Call.objects.filter(account=self.account, settled_at=None).order_by("id"))

    def held_in_words(self) -> str:
        """Return a sentence such as `$9.86 is held by the call call_… to +44 … 0018.`."""
        calls = [f"{call.public_id} to {mask(call.to_e164)}" for call in self.holding]
        holder = f"the call{'s' * (len(calls) > 1)} {' and '.join(calls)}" if calls else "a refund"
        return f"{format_held(self.held_micros)} is held by {holder}."


def funds_of(account: Account, balance: Balance) -> Funds:
    return Funds(account, balance.available_micros, balance.held_micros)


@dataclass(frozen=True, slots=True)
class Route:
    """A permitted call, with the phone that it is from, the number and the price."""

    account: Account
    token: AccessToken | None
    caller_id: CallerId
    number: Number
    shown: ShownNumber
    deck_id: int
    rate: RateRow
    price: CallPrice
    order: CallOrder
    limits: Limits
    micros_per_minute: dict[Call.Mode, int | None]  # None for a mode that is not possible


@dataclass(frozen=True, slots=True)
class Quote:
    """A route, and the time that the available money affords on it."""

    route: Route
    limit_seconds: int
    funds: Funds
    budget: Budget  # the smallest one
    charges_attempt: bool  # the free attempts of the day are used up

    @property
    def hold_micros(self) -> int:
        return self.route.price.hold_micros(self.limit_seconds) if self.limit_seconds else 0

    @property
    def limited_by(self) -> str:
        """Return the name of what sets the time limit: a time of the order, or a budget's code."""
        cap_seconds, name = self.route.order.cap
        return name if self.limit_seconds == cap_seconds else self.budget.code

    @property
    def refusal(self) -> ProductError | None:
        """Return the refusal of the smallest budget if it does not cover the first increment."""
        if self.limit_seconds:
            return None
        price = self.route.price
        shortest_seconds = min(price.leg_b.first_seconds, self.route.order.cap[0])
        needed_micros = price.hold_micros(shortest_seconds)
        details: dict[str, Any] = {
            "needed": format_micros(needed_micros),
            "available": format_micros(max(0, self.budget.micros)),
        }
        message, hint = self.budget.message, None
        if self.budget.code == "insufficient_funds" and self.funds.held_micros:
            message, hint = f"{message} {self.funds.held_in_words()}", HELD_HINTS
            details["held"] = format_micros(self.funds.held_micros)
            details["held_by"] = [call.public_id for call in self.funds.holding]
        return ProductError(
            self.budget.code,
            f"{message} The shortest call to {self.route.number.international} "
            f"needs {format_held(needed_micros)}.",
            hint=hint,
            details=details,
        )


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


def find_quote(request: CallRequest) -> Quote:
    """Return the price and time limit of a call at the present balance, or raise ProductError."""
    route = find_route(request.user.account, request.token, request.order)
    activity = activity_of(route.account, line=route.token.line if route.token else "")
    quote = quote_route(route, funds_of(route.account, balance_of(route.account)), activity)
    if quote.refusal is None:
        check_unpaid_cost(route.price, activity)
    return quote


def find_offers(user: User, *, to: str, country: str | None) -> Offers:
    """Return the offers for a text that a user wrote. Nothing is stored about a refusal."""
    items = []
    for mode in (Call.Mode.COMPUTER, Call.Mode.CALLBACK):
        key = secrets.token_urlsafe(16)
        try:
            quote = find_quote(CallRequest(user, None, CallOrder(to, country, mode=mode)))
        except ProductError as refusal:
            # A mode that the operator has not set up is no offer.
            if refusal.code != "computer_calls_closed":
                items.append(Offer(mode, None, refusal, key))
        else:
            items.append(Offer(mode, quote, quote.refusal, key))
    return Offers(items)


def find_route(account: Account, token: AccessToken | None, order: CallOrder) -> Route:
    """Read the number of an order and find its price. Raise ProductError if it is refused."""
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen, so it cannot call.")
    number = read_called_number(account, order.to, order.country)
    caller_id = caller_id_for_calls(account, order.caller_id, called_e164=number.e164)
    deck, facts = current_deck(), shown_facts(caller_id)
    shown = choose_shown_number(caller_id, number, facts, order.mode)
    rate = check_destination(
        account, number, deck,
        operator_numbers=facts.rules.operator_numbers, shown_e164=shown.e164,
    )  # fmt: skip
    own_price = _own_leg_price(order.mode, caller_id, number, deck, facts)
    if token is not None:
        guards = Guards.from_columns(token)
        if not destination_is_allowed(guards, e164=number.e164, country=number.country):
            raise ProductError(
                "guard_destination", f"This token may not call {number.international}."
            )
        # A computer's call rings no phone, so only a rule about the shown numbers concerns it.
        if order.mode == Call.Mode.CALLBACK or guards.caller_ids is not None:
            check_own_phone(token, caller_id.e164)
    only_own = account.only_my_number if order.only_my_number is None else order.only_my_number
    if only_own:
        refuse_other_number(caller_id, number, facts, shown)
    # The price that was quoted holds for the whole call. A dearer number in reserve is left out of
    # it, and has its own price in the next quote, which shows that number at once.
    reserve = shown.fallback_e164 and deck.find(number.e164, shown_e164=shown.fallback_e164)
    is_dearer = reserve and reserve.price.micros_per_minute > rate.price.micros_per_minute
    if only_own or not reserve or is_dearer:
        shown = replace(shown, fallback_e164=None)
    dials = 2 if shown.fallback_e164 else 1
    price = CallPrice(
        own_price, rate.price, settings.CALL_RING_SECONDS, dials,
        asks_for_key=account.asks_for_key and order.mode == Call.Mode.CALLBACK,
    )  # fmt: skip
    micros_per_minute = _micros_in_modes(order.mode, price, caller_id, number, deck, facts)
    return Route(
        account, token, caller_id, number, shown, deck.deck_id, rate, price, order,
        limits_of(caller_id.account), micros_per_minute,
    )  # fmt: skip


def _own_leg_price(
    mode: Call.Mode, caller_id: CallerId, number: Number, deck: DeckIndex, facts: ShownFacts
) -> Price:
    """Return the price of the customer's own leg. Raise ProductError if the mode is refused."""
    if mode == Call.Mode.COMPUTER:
        price = client_price(deck)
        if price is None:
            raise ProductError(
                "computer_calls_closed", "Calls through the computer are not offered here."
            )
        return price
    if number.e164 == caller_id.e164:
        raise ProductError(
            "own_number", f"{number.international} is your own phone, which rings first."
        )
    account, own_phone = caller_id.account, number_from_e164(caller_id.e164)
    own_rate = check_destination(
        account, own_phone, deck,
        operator_numbers=facts.rules.operator_numbers, shown_e164=settings.TWILIO_FROM_NUMBER,
    )  # fmt: skip
    check_own_phone_price(account, own_phone, own_rate)
    return own_rate.price


def _micros_in_modes(
    mode: Call.Mode,
    price: CallPrice,
    caller_id: CallerId,
    number: Number,
    deck: DeckIndex,
    facts: ShownFacts,
) -> dict[Call.Mode, int | None]:
    """Return the price of a minute of both legs in each mode, None where a mode is refused."""
    micros: dict[Call.Mode, int | None] = dict.fromkeys(Call.Mode)
    micros[mode] = price.micros_per_minute
    for other in {*Call.Mode} - {mode}:
        with suppress(ProductError):
            own = _own_leg_price(other, caller_id, number, deck, facts)
            shown = choose_shown_number(caller_id, number, facts, other)
            if rate := deck.find(number.e164, shown_e164=shown.e164):
                micros[other] = own.micros_per_minute + rate.price.micros_per_minute
    return micros


def read_called_number(account: Account, text: str, country: str | None) -> Number:
    """Read a number as a user of the account writes it.

    Raise the errors of `read_number`; the candidates of an ambiguous number get the price of leg B
    alone, None without one.
    """
    default = account.default_country or None
    try:
        return read_number(text, stated_country=country, default_country=default)
    except ProductError as refusal:
        deck = origin = None
        candidates = refusal.details.get("candidates", ())
        if candidates:
            with suppress(ProductError):
                deck = current_deck()
            if deck and deck.knows_shown_numbers:
                origin = origin_of(account, deck)
        for candidate in candidates:
            shown_e164 = number_shown(origin, candidate["country"])
            rate = deck and deck.find(candidate["e164"], shown_e164=shown_e164)
            price = format_micros(rate.price.micros_per_minute) if rate else None
            candidate["price_per_minute"] = price
        raise


def quote_route(route: Route, funds: Funds, activity: Activity) -> Quote:
    """Return the longest call that every budget covers, of 0 seconds if there is none."""
    least = min(_budgets(route, funds, activity), key=lambda budget: budget.micros)
    cap_seconds, _ = route.order.cap
    limit = route.price.limit_seconds(budget_micros=least.micros, cap_seconds=cap_seconds)
    return Quote(route, limit, funds, least, activity.charges_attempts)


def _budgets(route: Route, funds: Funds, activity: Activity) -> list[Budget]:
    """Return every amount that limits the call."""
    available_micros = funds.available_micros
    code, message = "insufficient_funds", f"{format_balance(available_micros)} is available."
    if available_micros < 0:
        code, message = "account_owes", f"You owe {format_held(-available_micros)}."
    budgets = [Budget(available_micros, code, message)]
    cents = route.limits.spend_max_cents_per_day
    left_micros = cents * MICROS_PER_CENT - activity.spent_today_micros
    message = _of_a_day("This account", cents, left_micros, activity)
    budgets.append(Budget(left_micros, "spending_limit", message))
    if route.order.max_cost_micros is not None:
        message = f"{format_money(route.order.max_cost_micros)} is too little for a call."
        budgets.append(Budget(route.order.max_cost_micros, "limit_too_low", message))
    guards = Guards.from_columns(route.token) if route.token else Guards()
    if guards.max_cents_per_call is not None:
        limit_micros = guards.max_cents_per_call * MICROS_PER_CENT
        message = f"This token may spend {format_money(limit_micros)} a call."
        budgets.append(Budget(limit_micros, "guard_spend_call", message))
    if guards.max_cents_per_day is not None:
        limit_micros = guards.max_cents_per_day * MICROS_PER_CENT
        left_micros = limit_micros - activity.spent_today_by_line_micros
        message = _of_a_day("This token", guards.max_cents_per_day, left_micros, activity)
        budgets.append(Budget(left_micros, "guard_spend_day", message))
    return budgets


def _of_a_day(who: str, cents: int, left_micros: int, activity: Activity) -> str:
    """Return the sentence about a limit of a day; money that is held counts as spent."""
    limit, left = format_money(cents * MICROS_PER_CENT), format_balance(max(0, left_micros))
    held = " Calls under way hold a part until they end." if activity.calls_running else ""
    return f"{who} may spend {limit} a day (UTC), and {left} of that is left.{held}"


@dataclass(frozen=True, slots=True)
class Origin:
    """A phone of the customer, or any mobile of a country, and the price of ringing it."""

    country: str
    e164: str
    price: Price
    facts: ShownFacts | None  # None where no price depends on the number shown
    caller_id: CallerId | None = None
    closed_countries: frozenset[str] = frozenset()  # at the carrier

    @property
    def in_words(self) -> str:
        """Return `your phone +44 7400 123456`, or `a mobile (Ireland)`."""
        if self.caller_id is None:
            return _("a mobile (%(country)s)") % {"country": country_name(self.country)}
        return _("your phone %(number)s") % {"number": format_e164(self.caller_id.e164)}

    def call_price(self, rate: RateRow) -> CallPrice | None:
        """Return the price of both legs, None for a destination that no account may call."""
        if rate.kind in REFUSED_KINDS or self.closed_countries & {self.country, rate.country}:
            return None
        # A question and two <Dial>s, so that this never affords more than a quote does.
        return CallPrice(
            self.price, rate.price, settings.CALL_RING_SECONDS, dials=2, asks_for_key=True
        )

    def micros_per_minute(self, rate: RateRow) -> int | None:
        price = self.call_price(rate)
        return price.micros_per_minute if price else None


def origin_of(account: Account, deck: DeckIndex, *, called_e164: str = "") -> Origin | None:
    """Return the phone that calls of an account ring, or else a mobile of its country.

    None if neither is known, or if the phone has no price.
    """
    try:
        caller_id = caller_id_for_calls(account, None, called_e164=called_e164)
    except ProductError:
        return origin_in(account.default_country, deck) if account.default_country else None
    own = deck.find(caller_id.e164, shown_e164=settings.TWILIO_FROM_NUMBER)
    if own is None:
        return None
    facts = shown_facts(caller_id)
    return Origin(
        caller_id.country, caller_id.e164, own.price, facts, caller_id, deck.closed_countries
    )


def origin_in(country: str, deck: DeckIndex) -> Origin | None:
    """Return a usual mobile of a country, None without a price. Raise `unknown_country`."""
    iso = country_code(country)
    for kind in _USUAL_KINDS:
        example = phonenumbers.example_number_for_type(iso, kind)
        if example is None:
            continue
        e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        if rate := deck.find(e164, shown_e164=settings.TWILIO_FROM_NUMBER):
            facts = ShownFacts(current_rules()) if deck.knows_shown_numbers else None
            return Origin(iso, e164, rate.price, facts, closed_countries=deck.closed_countries)
    return None


def number_shown(
    origin: Origin | None, called_country: str, mode: Call.Mode = Call.Mode.CALLBACK
) -> str:
    """Return the number that calls into a country show, an empty text where it is not known."""
    if origin is None or origin.facts is None:
        return ""
    if origin.facts.shows_own(origin.facts.own_number(origin.country, called_country, mode)):
        return origin.e164
    return origin.facts.rules.operator_number(origin.country, called_country)


def rates_from(
    origin: Origin | None, deck: DeckIndex, countries: Collection[str] | None = None
) -> Iterator[RateRow]:
    """Yield the rate of each prefix of some countries, or of all, for calls from an origin."""
    return deck.rows(partial(number_shown, origin), countries)


def rate_from(origin: Origin | None, deck: DeckIndex, number: Number) -> RateRow | None:
    """Return the rate of a number for calls from an origin, None without a price."""
    return deck.find(number.e164, shown_e164=number_shown(origin, number.country))


def client_price(deck: DeckIndex) -> Price | None:
    """Return the price of a computer's leg, None where calls through one are not set up."""
    return deck.client_price if settings.TWILIO_TWIML_APP_SID else None


def offers_computer_calls() -> bool:
    with suppress(ProductError):  # no prices
        return client_price(current_deck()) is not None
    return False


def mode_of(account: Account) -> Call.Mode:
    """Return the mode that the account has set; callback where no computer's call is offered."""
    is_computer = account.call_mode == Call.Mode.COMPUTER and offers_computer_calls()
    return Call.Mode.COMPUTER if is_computer else Call.Mode.CALLBACK


def computer_micros_per_minute(deck: DeckIndex, origin: Origin | None, rate: RateRow) -> int | None:
    """Return the price of both legs through a computer, None where no call is possible.

    `rate` is that of the number which a callback call shows, and a computer may show another one.
    """
    own = client_price(deck)
    if own is None or rate.kind in REFUSED_KINDS or rate.country in deck.closed_countries:
        return None
    shown_e164 = number_shown(origin, rate.country, Call.Mode.COMPUTER)
    through_computer = deck.alike(rate, shown_e164) if deck.knows_shown_numbers else rate
    if through_computer is None:
        return None
    return own.micros_per_minute + through_computer.price.micros_per_minute


def total_per_minute(
    deck: DeckIndex | None, origin: Origin | None, rate: RateRow | None
) -> dict[str, str | None]:
    """Return the price of a minute of both legs in each mode, None where no call is possible."""
    callback = origin.micros_per_minute(rate) if origin and rate else None
    computer = computer_micros_per_minute(deck, origin, rate) if deck and rate else None
    return in_modes(callback, computer)


def in_modes(callback_micros: int | None, computer_micros: int | None) -> dict[str, str | None]:
    """Return `total_per_minute` as answers of the API have it: decimal dollars, or None."""
    return {
        "callback": None if callback_micros is None else format_micros(callback_micros),
        "computer": None if computer_micros is None else format_micros(computer_micros),
    }


def origin_on_page(request: HttpRequest, deck: DeckIndex) -> Origin | None:
    """Return the origin of the calls on a page: `?from=`, the account's, or the browser's country.

    Raise `unknown_country` if `?from=` is no country. Return None if no origin has a price.
    """
    if country := request.GET.get("from"):
        return origin_in(country, deck)
    known = None
    if isinstance(request.user, User):
        known = origin_of(request.user.account, deck)
    return known or usual_origin(request, deck)


def usual_origin(request: HttpRequest, deck: DeckIndex) -> Origin | None:
    """Return a mobile of the country that the browser is in, or of the usual one."""
    here = country_of(request)
    is_known = here in country_names()
    return origin_in(here if is_known else USUAL_COUNTRY, deck) or origin_in(USUAL_COUNTRY, deck)


@dataclass(frozen=True, slots=True)
class CallFunds:
    """The phone that rings first, its price, and the money that is available for calls."""

    origin: Origin
    available_micros: int | None = None

    def buys_seconds(self, rate: RateRow) -> int | None:
        """Return the longest single call, None if no call is allowed or the price sets no end."""
        price = self.origin.call_price(rate)
        if price is None or self.available_micros is None:
            return None
        seconds = price.limit_seconds(
            budget_micros=self.available_micros, cap_seconds=LONGEST_SECONDS
        )
        return None if seconds == LONGEST_SECONDS else seconds


def available_micros_of(account: Account) -> int:
    """Return the money for calls. Costs a query, unless the account was read with its wallet."""
    wallet: Wallet | None = getattr(account, "wallet", None)
    return wallet.available_micros if wallet else 0
