"""Placing calls.

Placing is three steps, and no provider is asked inside a transaction: the call and its hold are
committed, Twilio is asked, the outcome is committed. A crash in between leaves a queued call
without a SID, which `reconcile_calls` looks up at Twilio and finishes.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.api.idempotency import KEY_IS_KEPT
from accounts.guards import Guards, check_spend
from accounts.models import AccessToken, User
from billing.ledger import lock_available, place_hold
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import format_micros
from telephony.calls.carrier import (
    CARRIER,
    MAY_RING_HINT,
    PLACING_TAKES,
    adopt,
    expires_at,
    give_up,
    is_past_placing,
    look_up,
    ring,
)
from telephony.calls.quote import CallOrder, Quote, check_affordable, find_route, offer, quote
from telephony.models import Call, RefusedCall
from telephony.pricing import CallPrice
from telephony.rules.policy import activity_of, check_velocity

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Who asks for which call. A request with the key of an earlier one is that one again."""

    user: User
    token: AccessToken | None
    order: CallOrder
    expected_micros_per_minute: int | None = None
    expected_terms: str | None = None
    idempotency_key: str | None = None
    request_id: str = ""


def quote_call(request: CallRequest) -> Quote:
    """What a call will cost. A refusal is kept for support, as that of the call itself is.

    Raises ProductError.
    """
    try:
        return quote(find_route(request.user.account, request.token, request.order))
    except ProductError as refusal:
        _keep_refusal(request, refusal)
        raise


def place_call(request: CallRequest) -> Call:
    """Rings the customer's phone and then the destination.

    Repeated with the same key it returns the call of the first time, and never rings twice. A
    refusal is kept for support. Raises ProductError.
    """
    try:
        call = _reserve(request)
    except (ProductError, IntegrityError) as problem:
        # The key is looked at only now, since nearly every key is new.
        earlier = _earlier(request)
        if earlier is not None and not _was_never_placed(earlier):
            return earlier
        if earlier is None and isinstance(problem, ProductError):
            _keep_refusal(request, problem)
            raise
        call = _reserve(request)
    return ring(call)


def _earlier(request: CallRequest) -> Call | None:
    if request.idempotency_key is None:
        return None
    same = Call.objects.filter(
        account=request.user.account, idempotency_key=request.idempotency_key
    )
    # A key is good for a day; after that it stands for something new.
    same.filter(created_at__lt=timezone.now() - KEY_IS_KEPT).update(idempotency_key=None)
    return same.first()


def _was_never_placed(call: Call) -> bool:
    """Whether an earlier request came to nothing, so that it may be made again.

    Raises `provider_unavailable` while that cannot be said.
    """
    if call.leg_a_sid or call.settled_at:
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
        hint=MAY_RING_HINT,
        retry_after_seconds=5,
        details={"call_id": call.public_id},
    )


def _reserve(request: CallRequest) -> Call:
    """Stores the call with its hold, which is sized to what is available now."""
    CARRIER.refuse_if_open()
    route = find_route(request.user.account, request.token, request.order)
    _check_expected(request, route.price)
    with transaction.atomic():
        # The wallet's lock: what is counted and held from here on, no other call changes.
        available_micros = lock_available(route.account).available_micros
        line = route.token.line if route.token else ""
        activity = activity_of(route.account, line=line)
        offered = offer(route, available_micros, activity)
        check_affordable(offered)
        check_velocity(route.account, route.limits, activity, to_e164=route.number.e164)
        call = _new_call(request, offered)
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
            # Later than `reconcile_calls` closes the call, so that the hold never goes first.
            expires_at=expires_at(call) + timedelta(hours=1),
        )
        call.save(force_insert=True)
    return call


def _check_expected(request: CallRequest, price: CallPrice) -> None:
    """Refuses a call whose price, or any part of it, is not the one that the customer saw."""
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


def _new_call(request: CallRequest, offered: Quote) -> Call:
    route, price = offered.route, offered.route.price
    return Call(
        account=route.account,
        user=request.user,
        token=route.token,
        idempotency_key=request.idempotency_key,
        caller_id=route.caller_id,
        from_e164=route.caller_id.e164,
        to_e164=route.number.e164,
        to_country=route.number.country,
        to_kind=str(route.number.kind),
        send_digits=route.number.send_digits or "",
        deck_id=route.deck_id,
        leg_a_micros_per_minute=price.leg_a.micros_per_minute,
        leg_a_first_seconds=price.leg_a.first_seconds,
        leg_a_next_seconds=price.leg_a.next_seconds,
        leg_b_micros_per_minute=price.leg_b.micros_per_minute,
        leg_b_first_seconds=price.leg_b.first_seconds,
        leg_b_next_seconds=price.leg_b.next_seconds,
        ring_seconds=price.ring_seconds,
        max_seconds=offered.limit_seconds,
        hold_micros=offered.hold_micros,
        reconcile_after=timezone.now() + PLACING_TAKES,
    )


def _keep_refusal(request: CallRequest, refusal: ProductError) -> None:
    RefusedCall.objects.create(
        account=request.user.account,
        user=request.user,
        token=request.token,
        to_text=request.order.to[:80],
        code=refusal.code,
        message=refusal.message[:300],
        request_id=request.request_id,
    )
