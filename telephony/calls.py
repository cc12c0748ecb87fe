"""Placing and ending calls.

Placing is three steps, and no provider is asked inside a transaction: the call and its hold are
committed, Twilio is asked, the outcome is committed. A crash in between leaves a queued call
without a SID, which `reconcile_calls` looks up at Twilio and finishes.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.guards import Guards, check_spend
from accounts.models import AccessToken, Account, User
from billing.ledger import place_hold
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony import gateway
from telephony.call_states import TERMINAL
from telephony.gateway import OutcomeUnknownError, ProviderCall
from telephony.models import Call, RefusedCall
from telephony.placing import (
    CARRIER,
    PLACING,
    adopt,
    expires_at,
    give_up,
    is_past_placing,
    look_up,
    note,
    ring,
)
from telephony.policy import check_velocity, spent_today_micros
from telephony.quotes import Quote, Wish, check_affordable, find_route, quote

logger = logging.getLogger(__name__)

_TRIES = 5


def place_call(
    *,
    user: User,
    token: AccessToken | None,
    wish: Wish,
    expected_micros_per_minute: int | None = None,
    idempotency_key: str | None = None,
    request_id: str = "",
) -> Call:
    """Rings the customer's phone and then the destination.

    Repeated with the same key it returns the call of the first time, and never rings twice. A
    refusal is kept for support. Raises ProductError.
    """
    account = user.account
    if idempotency_key and (call := _resume(account, idempotency_key)):
        return call
    try:
        CARRIER.refuse_if_open()
        call = _reserve(user, token, wish, expected_micros_per_minute, idempotency_key)
    except ProductError as refusal:
        _keep_refusal(user, token, wish, refusal, request_id)
        raise
    return ring(call)


def hang_up(call: Call) -> Call:
    """Ends a call from anywhere; one that is over already stays as it is."""
    if call.state in TERMINAL:
        return call
    asked = Call.objects.filter(pk=call.pk, hangup_requested_at=None)
    asked.update(hangup_requested_at=timezone.now(), version=F("version") + 1)
    call.refresh_from_db()
    if call.leg_a_sid is None:
        return call  # our TwiML refuses to bridge it from now on
    in_progress = call.leg_a_status == "in-progress"
    try:
        ended = gateway.end_call(call.leg_a_sid, in_progress=in_progress)
    except OutcomeUnknownError:
        raise
    except ProductError as refusal:
        if refusal.code != "provider_refused":
            raise
        ended = _end_otherwise(call.leg_a_sid, in_progress=in_progress)
    note(call, ended, leg="a")
    return call


def _end_otherwise(sid: str, *, in_progress: bool) -> ProviderCall:
    """It was answered, or ended, since we last heard of it."""
    now = gateway.fetch_call(sid)
    if now.status == "in-progress" and not in_progress:
        return gateway.end_call(sid, in_progress=True)
    return now


def _resume(account: Account, idempotency_key: str) -> Call | None:
    """The call that an earlier request with this key made; None if it placed nothing."""
    call = Call.objects.filter(account=account, idempotency_key=idempotency_key).first()
    if call is None or call.leg_a_sid or call.settled_at:
        return call
    seen = look_up(call)
    if seen.found is not None:
        return adopt(call, seen.found)
    if seen.is_absent and is_past_placing(call) and give_up(call, Call.EndReason.NOT_PLACED):
        return None
    raise ProductError(
        "provider_unavailable",
        "We are finding out whether the call was placed.",
        retry_after_seconds=5,
        details={"call_id": call.public_id},
    )


def _reserve(
    user: User,
    token: AccessToken | None,
    wish: Wish,
    expected_micros: int | None,
    idempotency_key: str | None,
) -> Call:
    """Stores the call with its hold. What it may cost is sized to what is available now."""
    route = find_route(user.account, token, wish)
    if expected_micros is not None and expected_micros != route.price.micros_per_minute:
        raise ProductError(
            "price_changed",
            "The price has changed since you saw it.",
            details={"price_per_minute": format_micros(route.price.micros_per_minute)},
        )
    for attempt in range(1, _TRIES + 1):
        offer = quote(route)
        check_affordable(offer)
        try:
            return _store(_new_call(user, offer, idempotency_key))
        except IntegrityError:
            raise ProductError(
                "idempotency_in_progress", "The first request with this key is running."
            ) from None
        except ProductError as refusal:
            # Another call took the money after the quote: there may be enough for a shorter one.
            if refusal.code not in _SHRINKABLE or attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


_SHRINKABLE = ("insufficient_funds", "guard_spend_day", "spending_limit")


def _new_call(user: User, offer: Quote, idempotency_key: str | None) -> Call:
    route, price = offer.route, offer.route.price
    return Call(
        account=route.account,
        user=user,
        token=route.token,
        idempotency_key=idempotency_key,
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
        max_seconds=offer.limit_seconds,
        hold_micros=offer.hold_micros,
        reconcile_after=timezone.now() + PLACING,
    )


def _store(call: Call) -> Call:
    with transaction.atomic():
        place_hold(
            account=call.account,
            amount_micros=call.hold_micros,
            key=call.hold_key,
            # Later than `reconcile_calls` closes the call, so that the hold never goes first.
            expires_at=expires_at(call) + timedelta(hours=1),
        )
        # From here on the wallet is locked: what follows sees every other call of the account.
        check_velocity(call)
        _check_spending(call)
        call.save(force_insert=True)
    return call


def _check_spending(call: Call) -> None:
    line = call.token.line if call.token else ""
    spent, spent_by_token = spent_today_micros(call.account, line=line)
    if spent + call.hold_micros > settings.SPEND_MAX_CENTS_PER_DAY * MICROS_PER_CENT:
        raise ProductError("spending_limit", "This account has spent what it may spend today.")
    if call.token is not None:
        check_spend(
            Guards.from_columns(call.token),
            hold_micros=call.hold_micros,
            spent_today_micros=spent_by_token,
        )


def _keep_refusal(
    user: User, token: AccessToken | None, wish: Wish, refusal: ProductError, request_id: str
) -> None:
    RefusedCall.objects.create(
        account=user.account,
        user=user,
        token=token,
        to_text=wish.to[:80],
        code=refusal.code,
        message=refusal.message[:300],
        request_id=request_id,
    )
