"""Placing calls, in both modes.

A call is placed in three steps, so that no transaction is open while Twilio is asked: commit the
call with its hold, ask Twilio, commit the outcome. A crash in between leaves a queued call without
a SID, which `reconcile_calls` looks up at Twilio and finishes.

Twilio stores no id of ours with a call. A placed call is known by its two numbers, by its time, and
by our address in what Twilio noted about it. Its webhooks, which carry our id, say the same if they
come.

A call through the computer is started by a page, a client of Twilio's Voice SDK. It names nothing
but the call: number, shown number and limits come from the row that was checked, priced and held
before (https://www.twilio.com/docs/voice/sdks/javascript/best-practices).
"""

import logging
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.api.idempotency import forget_old_keys
from accounts.guards import Guards, check_spend
from billing.ledger import lock_available, place_hold
from mobayilo.lib.circuit import Circuit
from mobayilo.lib.errors import Hints, ProductError
from mobayilo.lib.money import format_micros
from telephony.calls.hangup import end_if_requested
from telephony.calls.progress import LegReport, apply_report
from telephony.calls.quote import (
    CallRequest,
    Quote,
    Route,
    find_quote,
    find_route,
    funds_of,
    quote_route,
)
from telephony.calls.settlement import write_off
from telephony.models import Call, RefusedCall
from telephony.rules import activity_of, check_unpaid_cost, check_velocity
from telephony.twilio import gateway
from telephony.twilio.gateway import OutcomeUnknownError, ProviderCall
from telephony.twilio.twiml import webhook_url

logger = logging.getLogger(__name__)
CARRIER = Circuit("twilio-calls", "phone carrier")

# The customer's own phone rings this long. Most mailboxes answer after 20 to 30 seconds.
OWN_RING_SECONDS = 25
# A request that places a call may be under way at Twilio for this long.
PLACING_TAKES = timedelta(seconds=30)
# A call through the computer is started by a page that is open already. After so long without it
# the call ends, and its hold with it.
STARTS_WITHIN = timedelta(seconds=60)
# A page asks for another token while the call lasts, so none lives longer than this.
VOICE_TOKEN_LIVES = timedelta(minutes=10)
# Twilio's clock and ours differ by less.
CLOCKS_DIFFER = timedelta(seconds=5)
# Twilio may report an end late. After this much more, silence means that no report will come.
REPORTS_LATE_BY = timedelta(minutes=10)
# Twilio is asked about a running call at this pace, in case the report of its end was lost.
ASK_EVERY = timedelta(minutes=5)
# Twilio rings the customer's own phone first, so these refusals are not about the destination.
_OWN_PHONE_CODES = ("number_unreachable", "destination_blocked", "country_closed")
MAY_RING_HINTS = Hints(
    "The phone may ring all the same. Repeated with its Idempotency-Key, it rings once.",
    page="Your phone may ring all the same.",
    terminal="Your phone may ring all the same. See it with: moby calls list",
)


def quote_call(request: CallRequest) -> Quote:
    """Return what `find_quote` finds, and store a refusal for support as `place_call` does."""
    try:
        quote = find_quote(request)
    except ProductError as refusal:
        _store_refusal(request, refusal)
        raise
    if quote.refusal:
        _store_refusal(request, quote.refusal)
    return quote


def place_call(request: CallRequest) -> Call:
    """Ring the customer's phone, and the destination after the customer picks up.

    A call through the computer waits for its page instead, which starts it. A repetition with the
    same key returns the first call and never rings twice. Raise ProductError for a call that is
    refused; the refusal is stored for support.
    """
    try:
        call = _reserve(request)
    except (ProductError, IntegrityError) as problem:
        # Nearly every key is new, so an earlier call is looked for only after a failure.
        earlier = None
        if request.idempotency_key is not None:
            calls = Call.objects.filter(
                account=request.user.account, idempotency_key=request.idempotency_key
            )
            forget_old_keys(calls)
            earlier = calls.first()
        if earlier is not None and not _was_never_placed(earlier):
            return earlier
        if earlier is None and isinstance(problem, ProductError):
            _store_refusal(request, problem)
            raise
        call = _reserve(request)
    return call if call.is_through_computer else ring(call)


def _was_never_placed(call: Call) -> bool:
    """Report whether Twilio never placed an earlier call, so that the request may be made again.

    Raise `provider_unavailable` while the outcome is unknown.
    """
    if call.leg_a_sid or call.settled_at or call.is_through_computer:
        return False
    seen = look_up(call)
    if seen.found is not None:
        adopt(call, seen.found)
        return False
    if seen.is_absent and is_past_placing(call) and give_up(call, Call.EndReason.NOT_PLACED):
        return True
    raise ProductError(
        "provider_unavailable",
        "We are finding out whether the call was placed.",
        hint=MAY_RING_HINTS,
        retry_after_seconds=5,
        details={"call_id": call.public_id},
    )


def _reserve(request: CallRequest) -> Call:
    """Store the call with its hold, sized to the money that is available now."""
    CARRIER.refuse_if_open()
    route = find_route(request.user.account, request.token, request.order)
    _check_expected(request, route)
    with transaction.atomic():
        # The wallet is locked, so no other call changes what is counted and held from here on.
        funds = funds_of(route.account, lock_available(route.account))
        activity = activity_of(route.account, line=route.token.line if route.token else "")
        quote = quote_route(route, funds, activity)
        if quote.refusal:
            raise quote.refusal
        check_velocity(route.account, route.limits, activity, to_e164=route.number.e164)
        check_unpaid_cost(route.price, activity)
        call = _new_call(request, quote)
        if route.token is not None:
            check_spend(
                Guards.from_columns(route.token),
                hold_micros=call.hold_micros,
                spent_today_micros=activity.spent_today_by_line_micros,
            )
        place_hold(
            account=call.account,
            amount_micros=call.hold_micros,
            key=call.hold_key,
            # Later than `reconcile_calls` closes the call, so that the hold never expires first.
            expires_at=expires_at(call) + timedelta(hours=1),
        )
        call.save(force_insert=True)
    return call


def _check_expected(request: CallRequest, route: Route) -> None:
    """Refuse a call whose shown number, price or part of the price is not what the customer saw."""
    price, shown = route.price, route.shown.e164
    if request.expected_shown_number not in (None, shown):
        raise ProductError(
            "shown_number_changed",
            f"The person you call would see {shown}, not {request.expected_shown_number}.",
            details={"shown_number": shown},
        )
    micros, terms = request.expected_micros_per_minute, request.expected_terms
    if micros in (None, price.micros_per_minute) and terms in (None, price.terms):
        return
    raise ProductError(
        "price_changed",
        "The price has changed since you saw it.",
        details={
            "price_per_minute": format_micros(price.micros_per_minute),
            "terms": price.terms,
        },
    )


def _new_call(request: CallRequest, quote: Quote) -> Call:
    route, price = quote.route, quote.route.price
    return Call(
        account=route.account,
        user=request.user,
        token=route.token,
        mode=route.order.mode,
        idempotency_key=request.idempotency_key,
        caller_id=route.caller_id,
        from_e164=route.caller_id.e164,
        to_e164=route.number.e164,
        to_country=route.number.country,
        to_kind=str(route.number.kind),
        send_digits=route.number.send_digits or "",
        shows_own_number=route.shown.is_own,
        operator_e164=route.shown.fallback_e164 or ("" if route.shown.is_own else route.shown.e164),
        asks_for_key=price.asks_for_key,
        deck_id=route.deck_id,
        leg_a_micros_per_minute=price.leg_a.micros_per_minute,
        leg_a_first_seconds=price.leg_a.first_seconds,
        leg_a_next_seconds=price.leg_a.next_seconds,
        leg_b_micros_per_minute=price.leg_b.micros_per_minute,
        leg_b_first_seconds=price.leg_b.first_seconds,
        leg_b_next_seconds=price.leg_b.next_seconds,
        ring_seconds=price.ring_seconds,
        max_seconds=quote.limit_seconds,
        hold_micros=quote.hold_micros,
        most_unpaid_micros=price.most_unpaid_micros(short_seconds=settings.FALSE_ANSWER_SECONDS),
        charges_attempt=quote.charges_attempt,
        reconcile_after=timezone.now() + placing_takes(route.order.mode),
    )


def _store_refusal(request: CallRequest, refusal: ProductError) -> None:
    RefusedCall.objects.create(
        account=request.user.account,
        user=request.user,
        token=request.token,
        to_text=request.order.to[:80],
        code=refusal.code,
        message=refusal.message[:300],
        request_id=request.request_id,
    )


def ring(call: Call) -> Call:
    """Ask Twilio once to ring the customer. An unknown outcome is looked up, never asked again."""
    try:
        with CARRIER.watch():
            placed = gateway.create_call(
                to=call.from_e164,
                twiml_url=webhook_url(call, "twiml"),
                status_url=webhook_url(call, "status"),
                ring_seconds=OWN_RING_SECONDS,
                limit_seconds=call.price.leg_a_limit_seconds(call.max_seconds),
            )
    except OutcomeUnknownError as unknown:
        logger.warning("call outcome unknown", extra={"call": call.public_id})
        found = None
        with suppress(ProductError):
            found = look_up(call).found
        if found is not None:
            adopt(call, found)
        call.refresh_from_db()  # a webhook may have reported the call meanwhile
        if call.leg_a_sid is None:
            unknown.details["call_id"] = call.public_id
            unknown.hints = MAY_RING_HINTS
            raise
        return call
    except ProductError as refusal:
        is_own_phone = refusal.code in _OWN_PHONE_CODES
        # The codes themselves are reasons of the other phone.
        give_up(call, Call.EndReason.YOUR_PHONE_UNREACHABLE if is_own_phone else refusal.code)
        refusal.details["call_id"] = call.public_id
        if is_own_phone:
            refusal.message = f"Your phone {call.from_e164} cannot be rung. {refusal.message}"
            refusal.hints = Hints(
                "Send the caller_id of another phone, or write to {support}.",
                page="Call from another phone of yours, or write to {support}.",
                terminal="Ring another phone of yours with --from, or write to {support}.",
            )
        raise
    return adopt(call, placed)


def adopt(call: Call, placed: ProviderCall) -> Call:
    """Commit that Twilio placed the call, and end it if a hang-up was requested meanwhile."""
    later = timezone.now() + ASK_EVERY
    apply_report(call, LegReport("a", placed.sid, placed.status, ask_after=later))
    with suppress(ProductError):  # `reconcile_calls` asks again
        end_if_requested(call)
    return call


def why_not_placed(call: Call) -> str:
    """Return the reason of a call that Twilio never had, in either mode."""
    reasons = Call.EndReason
    return reasons.NOT_STARTED if call.is_through_computer else reasons.NOT_PLACED


def give_up(call: Call, reason: str) -> bool:
    """Write off a call that Twilio never placed, unless a report of it has come meanwhile."""
    call.refresh_from_db()
    return call.leg_a_sid is None and write_off(call, end_reason=reason)


def expires_at(call: Call) -> datetime:
    """Return when a call must have ended: both rings and its time limit, and late reports."""
    lasts = OWN_RING_SECONDS + call.price.leg_a_limit_seconds(call.max_seconds)
    return call.created_at + timedelta(seconds=lasts) + REPORTS_LATE_BY


@dataclass(frozen=True, slots=True)
class LookUp:
    """Twilio's call for a call of ours whose outcome is unknown."""

    found: ProviderCall | None
    is_absent: bool  # Twilio has no call that could be it


def placing_takes(mode: str) -> timedelta:
    return STARTS_WITHIN if mode == Call.Mode.COMPUTER else PLACING_TAKES


def is_past_placing(call: Call) -> bool:
    """Report whether no request to place the call is under way any more, and no page starts it."""
    return call.created_at <= timezone.now() - placing_takes(call.mode)


def look_up(call: Call) -> LookUp:
    """Find a call at Twilio, together with every other lost call of its phone.

    A computer is a client at Twilio, with the call's id as its name.
    """
    if call.is_through_computer:
        since = call.created_at - CLOCKS_DIFFER
        started = gateway.find_client_calls(identity=call.public_id, since=since)
        return LookUp(started[-1] if started else None, is_absent=not started)
    without_sid = Call.objects.filter(
        from_e164=call.from_e164, mode=Call.Mode.CALLBACK, leg_a_sid=None, settled_at=None
    )
    # The call itself may have been settled meanwhile.
    lost_calls = sorted({call, *without_sid}, key=lambda lost: (lost.created_at, lost.pk))
    since = lost_calls[0].created_at - CLOCKS_DIFFER
    newest_first = gateway.find_calls(to=call.from_e164, since=since)
    sids = [leg.sid for leg in newest_first]
    known_sids = set(Call.objects.filter(leg_a_sid__in=sids).values_list("leg_a_sid", flat=True))
    oldest_first = [leg for leg in reversed(newest_first) if leg.sid not in known_sids]
    return _Match(oldest_first, lost_calls).of(call)


class _Match:
    """The lost calls that each call at Twilio may be, both the oldest first."""

    def __init__(self, placed: Iterable[ProviderCall], lost: list[Call]) -> None:
        self._found: dict[Call, ProviderCall] = {}
        self._lost = lost
        possible = {one: [ours for ours in lost if _may_be(one, ours)] for one in placed}
        self._open = {one: ours for one, ours in possible.items() if ours}
        self._settle_what_is_clear()
        if all(map(is_past_placing, lost)):
            self._settle_by_order()
        for one in list(self._open):
            self._settle_by_notes(one)
        self._settle_what_is_clear()

    def of(self, call: Call) -> LookUp:
        is_possible = call in self._found or any(call in ours for ours in self._open.values())
        return LookUp(self._found.get(call), is_absent=not is_possible)

    def _settle_what_is_clear(self) -> None:
        """Match each that can be one call only, which no other can be only, until none is left."""
        while True:
            only = Counter(some[0] for some in self._open.values() if len(some) == 1)
            clear = next((ours for ours, count in only.items() if count == 1), None)
            if clear is None:
                return
            self._settle(next(one for one, some in self._open.items() if some == [clear]), clear)

    def _settle_by_order(self) -> None:
        """Match as many as there are possible calls in the order of their times."""
        possible = [
            ours for ours in self._lost if any(ours in some for some in self._open.values())
        ]
        if len(possible) == len(self._open):
            for one, ours in zip(list(self._open), possible, strict=True):
                self._settle(one, ours)

    def _settle_by_notes(self, one: ProviderCall) -> None:
        with suppress(ProductError):
            notes = gateway.notes_of_call(one.sid)
            for ours in self._open.get(one, ()):
                if any(ours.public_id in note.url for note in notes):
                    self._settle(one, ours)
                    return

    def _settle(self, one: ProviderCall, ours: Call) -> None:
        self._found[ours] = one
        left = {other: [c for c in some if c != ours] for other, some in self._open.items()}
        self._open = {other: some for other, some in left.items() if some and other != one}


def _may_be(one: ProviderCall, ours: Call) -> bool:
    """Report whether a call at Twilio is from the time in which ours was asked for."""
    if one.created_at is None:
        return True
    until = ours.created_at + PLACING_TAKES + CLOCKS_DIFFER
    return ours.created_at - CLOCKS_DIFFER <= one.created_at <= until


@dataclass(frozen=True, slots=True)
class VoiceToken:
    """A token of Twilio's Voice SDK that can start one call, and no other."""

    secret: str
    identity: str
    expires_at: datetime
    gateway: str  # the address that the Voice SDK connects to


def make_voice_token(call: Call) -> VoiceToken:
    """Return a token for a call that waits for its page, or that its page has started.

    Raise `call_not_waiting` for any other call.
    """
    goes_on = call.is_through_computer and bool(call.leg_a_sid) and not call.has_ended
    if not is_waiting(call) and not goes_on:
        raise ProductError("call_not_waiting", "This call cannot be started any more.")
    expires_at = timezone.now() + VOICE_TOKEN_LIVES
    secret = gateway.voice_token(
        identity=call.public_id, lives_seconds=int(VOICE_TOKEN_LIVES.total_seconds())
    )
    return VoiceToken(secret, call.public_id, expires_at, gateway.voice_gateway())


def is_waiting(call: Call) -> bool:
    """Report whether a page may still start a call."""
    return (
        call.is_through_computer
        and call.leg_a_sid is None
        and call.hangup_requested_at is None
        and not call.has_ended
        and call.created_at > timezone.now() - STARTS_WITHIN
    )


def client_may_talk(call: Call, *, sid: str, caller: str, application_sid: str) -> bool:
    """Report whether a client is the one that a call waits for, or that has started it already.

    Twilio asks again with the same SID when our answer was lost.
    """
    is_its_client = call.is_through_computer and caller == f"client:{call.public_id}"
    if not is_its_client or application_sid != settings.TWILIO_TWIML_APP_SID:
        return False
    return call.leg_a_sid == sid if call.leg_a_sid else is_waiting(call)
