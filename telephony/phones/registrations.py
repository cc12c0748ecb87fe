"""Registering a verified phone at the carrier, so that calls may show its number where rules ask.

The carrier calls the phone, and its owner keys in six digits that we show
(https://www.twilio.com/docs/voice/api/outgoing-caller-ids). The carrier keeps a number once, for
every account that verified it, so it is removed there with the last of these phones.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import AccessToken, User
from mobayilo.lib.errors import ProductError
from telephony.models import CallerId, Registration
from telephony.numbers import mask, number_from_e164
from telephony.phones.caller_ids import check_own_phone, mark_for_removal
from telephony.phones.shown import current_rules
from telephony.rates.deck import current_deck
from telephony.rules import check_destination
from telephony.twilio import gateway
from telephony.twilio.gateway import OutcomeUnknownError, UnknownSidError
from telephony.twilio.twiml import RETRY

logger = logging.getLogger(__name__)

# The number from which Twilio makes these calls.
CALLS_FROM = "+14157234000"
# A call with its ringing and the keying in; after that no report will come.
CALL_LIVES = timedelta(minutes=5)
# A run that claimed a row and died leaves it to others after this.
CLAIM_LASTS = timedelta(minutes=5)

State = Registration.State
Failure = Registration.Failure
_FAILURES = {
    "no-answer": Failure.NO_ANSWER,
    "busy": Failure.BUSY,
    "failed": Failure.UNREACHABLE,
    "canceled": Failure.NO_ANSWER,
}


def registration_of(caller_id: CallerId) -> Registration | None:
    """Return the registration of the number, or else the last attempt with this phone."""
    is_registered = Q(e164=caller_id.e164, state=State.REGISTERED)
    registered_first = ExpressionWrapper(
        Q(state=State.REGISTERED), output_field=BooleanField()
    ).desc()
    candidates = Registration.objects.filter(is_registered | Q(caller_id=caller_id))
    return candidates.order_by(registered_first, "-id").first()


def registrations_of(phones: Sequence[CallerId]) -> dict[int, Registration]:
    """Return the last attempt to register each phone, by the phone's key."""
    attempts = Registration.objects.filter(caller_id__in=phones).order_by("id")
    return {attempt.caller_id_id: attempt for attempt in attempts}


def start_registration(
    caller_id: CallerId, *, user: User, token: AccessToken | None = None
) -> Registration:
    """Have the carrier call the phone. A repetition returns the registration that is under way."""
    if user.account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen.")
    if not caller_id.is_verified:
        raise ProductError("caller_id_unverified", f"{caller_id.e164} was verified too long ago.")
    check_own_phone(token, caller_id.e164)
    number = number_from_e164(caller_id.e164)
    ours = current_rules().operator_numbers
    check_destination(user.account, number, current_deck(), operator_numbers=ours, shown_e164="")
    registration, is_new = _begin(caller_id, user)
    if is_new:
        _have_phone_called(registration)
        audit.record(
            "caller_id.registration_started", account=user.account, user=user, token=token,
            number=mask(caller_id.e164),
        )  # fmt: skip
    return registration


def _begin(caller_id: CallerId, user: User) -> tuple[Registration, bool]:
    """Return the registration of the number with False, or a new one with True.

    A unique constraint decides between two requests at once.
    """
    try:
        with transaction.atomic():
            earlier = _standing(caller_id)
            if earlier is not None:
                return earlier, False
            new = Registration.objects.create(
                account=user.account,
                user=user,
                caller_id=caller_id,
                e164=caller_id.e164,
                expires_at=timezone.now() + CALL_LIVES,
            )
            return new, True
    except IntegrityError:
        earlier = _standing(caller_id)
        if earlier is None:
            raise _under_way() from None
        return earlier, False


def _standing(caller_id: CallerId) -> Registration | None:
    """Return what stands for the number already. Raise `registration_under_way` for a stranger."""
    standing = Registration.objects.filter(
        e164=caller_id.e164, state__in=(*Registration.OPEN_STATES, State.REGISTERED, State.REMOVING)
    ).first()
    if standing is None or standing.state == State.REGISTERED:
        return standing
    if standing.state == State.REMOVING or standing.caller_id_id != caller_id.pk:
        raise _under_way()
    return standing


def _under_way() -> ProductError:
    return ProductError(
        "registration_under_way", "This phone is just being registered or removed.",
    )  # fmt: skip


def _have_phone_called(registration: Registration) -> None:
    path = reverse("telephony:webhook-registration", args=[registration.public_id])
    try:
        validation = gateway.start_validation(
            e164=registration.e164,
            name=registration.public_id,
            status_url=f"{settings.PUBLIC_URL}{path}{RETRY}",
        )
    except OutcomeUnknownError as unknown:
        _fail(registration, Failure.NO_NEWS)
        unknown.hints = "If the phone rings, just hang up: there is no code. Then try again."
        raise
    except ProductError as refusal:
        # The carrier refuses a number that it has already, which is all that was wanted.
        carrier_sid = None
        if refusal.code == "provider_refused":
            with suppress(ProductError):
                carrier_sid = gateway.find_registered(registration.e164)
        if carrier_sid is None:
            is_refused = refusal.code not in gateway.OUTAGE_CODES
            _fail(registration, Failure.REFUSED if is_refused else Failure.NO_NEWS)
            raise
        _register(registration, carrier_sid)
    else:
        requested = Registration.objects.filter(pk=registration.pk, state=State.REQUESTED)
        requested.update(state=State.CALLING, code=validation.code, call_sid=validation.call_sid)
    registration.refresh_from_db()


def record_outcome(
    registration: Registration, *, is_success: bool, carrier_sid: str, call_status: str
) -> None:
    """Record the carrier's report of its call. A success counts however late it comes."""
    if is_success and carrier_sid:
        _register(registration, carrier_sid)
    elif not is_success:
        _fail(registration, _FAILURES.get(call_status, Failure.NOT_KEYED_IN))


def _register(registration: Registration, carrier_sid: str) -> None:
    waiting = Registration.objects.filter(
        pk=registration.pk, state__in=(*Registration.OPEN_STATES, State.FAILED)
    )
    try:
        with transaction.atomic():
            if not waiting.update(
                state=State.REGISTERED, failure="", code="", carrier_sid=carrier_sid,
                closed_at=timezone.now(),
            ):  # fmt: skip
                return
            audit.record(
                "caller_id.registered", account=registration.account, user=registration.user,
                number=mask(registration.e164),
            )  # fmt: skip
            mark_for_removal(registration.e164)  # the phone may be gone by now
    except IntegrityError:  # another attempt registered the number meanwhile
        _fail(registration, Failure.NO_NEWS)


def _fail(registration: Registration, failure: str) -> None:
    waiting = Registration.objects.filter(pk=registration.pk, state__in=Registration.OPEN_STATES)
    waiting.update(state=State.FAILED, failure=failure, code="", closed_at=timezone.now())
    logger.info("phone not registered", extra={"id": registration.public_id, "failure": failure})


def unregister(caller_id: CallerId, *, user: User, token: AccessToken | None = None) -> None:
    """Have the number removed at the carrier. Raise `registration_shared` if others need it."""
    with transaction.atomic():
        others = CallerId.objects.filter(e164=caller_id.e164, removed_at=None)
        if others.exclude(pk=caller_id.pk).exists():
            raise ProductError(
                "registration_shared", "Another account verified this phone and may show it too."
            )
        if mark_for_removal(caller_id.e164, unless_used=False):
            audit.record(
                "caller_id.unregistered", account=caller_id.account, user=user, token=token,
                number=mask(caller_id.e164),
            )  # fmt: skip


def reconcile_registrations(*, limit: int = 100) -> Counter[str]:
    """Finish what no report finished, and remove numbers at the carrier. Return the outcomes."""
    outcomes: Counter[str] = Counter()
    due = Registration.objects.filter(
        state__in=(*Registration.OPEN_STATES, State.REMOVING), expires_at__lte=timezone.now()
    ).select_related("account", "user")
    for registration in due.order_by("expires_at")[:limit]:
        unclaimed = Registration.objects.filter(
            pk=registration.pk, state=registration.state, expires_at=registration.expires_at
        )
        if not unclaimed.update(expires_at=timezone.now() + CLAIM_LASTS):
            continue
        try:
            outcomes[_finish(registration)] += 1
        except ProductError as refusal:
            facts = {"id": registration.public_id, "code": refusal.code}
            logger.warning("registration not finished", extra=facts)
            outcomes["unreachable"] += 1
    return outcomes


def _finish(registration: Registration) -> str:
    if registration.state == State.REMOVING:
        try:
            gateway.remove_registered(registration.carrier_sid)
        except UnknownSidError:
            logger.info("number was removed before", extra={"id": registration.public_id})
        removing = Registration.objects.filter(pk=registration.pk, state=State.REMOVING)
        removing.update(state=State.REMOVED, closed_at=timezone.now())
        return "removed"
    carrier_sid = gateway.find_registered(registration.e164)
    if carrier_sid is None:
        _fail(registration, Failure.NO_NEWS)
        return "failed"
    _register(registration, carrier_sid)
    return "registered"
