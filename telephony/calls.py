"""Placing and ending calls.

Placing is three steps, and no provider is asked inside a transaction: the call and its hold are
committed, Twilio is asked, the outcome is committed. A crash in between leaves a queued call
without a SID, which `reconcile_calls` looks up at Twilio and finishes.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.guards import Guards, check_spend
from accounts.models import AccessToken, Account, User
from billing.ledger import place_hold
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_micros
from telephony import gateway
from telephony.call_progress import LegReport, Source, record
from telephony.call_states import TERMINAL
from telephony.gateway import OutcomeUnknownError, ProviderCall
from telephony.models import Call, CallEvent, RefusedCall
from telephony.policy import check_velocity, spent_today_micros
from telephony.quotes import Quote, Wish, check_affordable, find_route, quote
from telephony.settlement import write_off

logger = logging.getLogger(__name__)

# How long a request that placed a call may still be under way at Twilio.
PLACING = timedelta(seconds=15)
# The customer's own phone rings this long, as an ordinary phone does.
OWN_RING_SECONDS = 60
# Twilio may report an end late; after this much more, silence means that nothing will come.
SLACK = timedelta(minutes=10)
# A call that lasts is asked after this often, in case its end was lost.
ASK_LATER = timedelta(minutes=5)
_TRIES = 5
# Twilio sends a lost webhook again only if it is told to (fragment of the URL, not signed).
_RETRY = "#rc=3&rp=ct,rt,5xx"


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
        call = _reserve(user, token, wish, expected_micros_per_minute, idempotency_key)
    except ProductError as refusal:
        _keep_refusal(user, token, wish, refusal, request_id)
        raise
    return _ring(call)


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


def note(call: Call, told: ProviderCall, *, leg: str) -> None:
    """Applies what Twilio answered to a question of ours."""
    report = LegReport(
        "a" if leg == "a" else "b", told.sid, told.status, told.seconds, told.price_micros
    )
    priced = "" if told.price_micros is None else "+price"
    source = Source(
        CallEvent.Kind.POLL, told.sid, f"{told.status}{priced}", told.status, {"leg": leg}
    )
    record(call, source=source, reports=[report])
    call.refresh_from_db()


@dataclass(frozen=True, slots=True)
class LookUp:
    """What Twilio has for a call whose outcome is unknown."""

    found: ProviderCall | None
    is_absent: bool  # Twilio has nothing that could be it


def look_up(call: Call) -> LookUp:
    """Finds a call by number and time, since Twilio keeps no id of ours.

    It is found only if nothing else can be meant; its webhooks, which carry our id, tell otherwise.
    """
    since = call.created_at - timedelta(seconds=5)
    told = gateway.find_calls(to=call.from_e164, since=since)
    sids = [one.sid for one in told]
    ours = Call.objects.filter(leg_a_sid__in=sids).values_list("leg_a_sid", flat=True)
    candidates = [one for one in told if one.sid not in set(ours)]
    unknown = Call.objects.filter(from_e164=call.from_e164, leg_a_sid=None, settled_at=None)
    is_clear = len(candidates) == 1 and unknown.count() == 1
    return LookUp(candidates[0] if is_clear else None, is_absent=not candidates)


def expires_at(call: Call) -> datetime:
    """When a call must be over: the rings and its limit, with slack."""
    lasts = OWN_RING_SECONDS + call.price.leg_a_limit_seconds(call.max_seconds)
    return call.created_at + timedelta(seconds=lasts) + SLACK


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


def _ring(call: Call) -> Call:
    """Asks Twilio, once. What cannot be known now is looked up and never asked again."""
    try:
        placed = gateway.create_call(
            to=call.from_e164,
            twiml_url=_webhook(call, "twiml"),
            status_url=_webhook(call, "status") + _RETRY,
            ring_seconds=OWN_RING_SECONDS,
            limit_seconds=call.price.leg_a_limit_seconds(call.max_seconds),
        )
    except OutcomeUnknownError as unknown:
        logger.warning("call outcome unknown", extra={"call": call.public_id})
        if not _has_turned_up(call):
            unknown.details["call_id"] = call.public_id
            raise
        return call
    except ProductError as refusal:
        give_up(call, refusal.code)
        refusal.details["call_id"] = call.public_id
        raise
    return adopt(call, placed)


def _has_turned_up(call: Call) -> bool:
    """Whether Twilio has the call after all: it says so when asked, or its webhooks did."""
    try:
        found = look_up(call).found
    except ProductError:
        found = None
    if found is not None:
        adopt(call, found)
    call.refresh_from_db()
    return call.leg_a_sid is not None


def is_past_placing(call: Call) -> bool:
    """Whether no request to place the call can be under way any more."""
    return call.created_at < timezone.now() - PLACING


def adopt(call: Call, placed: ProviderCall) -> Call:
    """Commits that Twilio placed the call."""
    note(call, placed, leg="a")
    later = timezone.now() + ASK_LATER
    waiting = Call.objects.filter(pk=call.pk, settled_at=None, reconcile_after__lt=later)
    waiting.exclude(state__in=TERMINAL).update(reconcile_after=later)
    return call


def give_up(call: Call, reason: str) -> bool:
    """Ends a call that Twilio never placed, unless word of it has come meanwhile."""
    call.refresh_from_db()
    return call.leg_a_sid is None and write_off(call, end_reason=reason)


def _webhook(call: Call, name: str) -> str:
    path = reverse(f"telephony:webhook-{name}", args=[call.public_id])
    return f"{settings.PUBLIC_URL}{path}"


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
