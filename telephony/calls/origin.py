"""The phone or computer of the customer that a call is from, and the whole price from there."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import phonenumbers
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from accounts.models import Account, User
from mobayilo.lib.client_ip import country_of
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_e164
from mobayilo.lib.money import format_micros
from telephony.models import Call, CallerId
from telephony.numbers import Number, country_code, country_name, country_names
from telephony.phones.caller_ids import caller_id_for_calls
from telephony.phones.shown import ShownFacts, current_rules, shown_facts
from telephony.pricing import CallPrice, Price
from telephony.rates.deck import DeckIndex, RateRow, current_deck
from telephony.rules import REFUSED_KINDS

USUAL_COUNTRY = "US"  # of visitors whose country no proxy reports
# Customers call from a mobile; a country whose plan has no example of one has one of a landline.
_USUAL_KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


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
