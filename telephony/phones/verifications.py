"""Verifying a phone with a code by SMS or voice, which Twilio Verify sends and checks."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from accounts.mail import queue_mail_to_users
from accounts.models import AccessToken, Account, User
from mobayilo.lib.errors import ERRORS, ProductError
from telephony.models import CallerId, Verification
from telephony.numbers import Number, mask, read_number
from telephony.phones.caller_ids import check_own_phone, ensure_default, pending
from telephony.phones.shown import current_rules
from telephony.rates.deck import current_deck
from telephony.rules import check_destination
from telephony.twilio import gateway
from telephony.twilio.gateway import UnknownSidError

logger = logging.getLogger(__name__)

# Twilio keeps one code per number for ten minutes, and takes five tries of it
# (https://www.twilio.com/docs/verify/api/verification).
CODE_LIVES = timedelta(minutes=10)
MAX_TRIES = 5

State = Verification.State
WAITING_STATES = (State.REQUESTED, State.PENDING)


def pending_verification(account: Account) -> Verification | None:
    """Return the newest verification that waits for its code."""
    return pending(account).order_by("-id").first()


def request_verification(
    *,
    user: User,
    number: str,
    country: str | None = None,
    channel: str = Verification.Channel.SMS,
    token: AccessToken | None = None,
) -> Verification:
    """Send a code to a phone. A repetition for the same phone sends the same code again.

    Calls ring this phone, so it must be a number that may be called, without an extension.
    """
    account = user.account
    if account.is_frozen:
        raise ProductError("account_frozen", "This account is frozen.")
    default = account.default_country or None
    read = read_number(number, stated_country=country, default_country=default)
    if read.extension:
        raise ProductError("invalid_number", "A phone behind an extension cannot be verified.")
    ours = current_rules().operator_numbers
    check_destination(account, read, current_deck(), operator_numbers=ours, shown_e164="")
    check_own_phone(token, read.e164)
    verification = _begin(user, read, channel)
    try:
        sid = gateway.start_verification(e164=read.e164, channel=channel)
    except ProductError as refusal:
        # A code that was sent before stays valid, so only a first code ends the verification.
        Verification.objects.filter(pk=verification.pk, state=State.REQUESTED).update(
            state=State.FAILED, failure_code=refusal.code, closed_at=timezone.now()
        )
        raise
    with transaction.atomic():
        _record_code(verification, sid)
        audit.record(
            "caller_id.code_sent", account=account, user=user, token=token,
            number=mask(read.e164), channel=channel,
        )  # fmt: skip
    return verification


def confirm_verification(
    *,
    user: User,
    code: str,
    number: str | None = None,
    country: str | None = None,
    verification_id: str | None = None,
    token: AccessToken | None = None,
) -> CallerId:
    """Check a code and give the phone to the account.

    The code alone is enough if a single phone waits for one.
    """
    verification = _choose(user, number, country, verification_id)
    check_own_phone(token, verification.e164)
    _take_a_try(verification)
    try:
        is_right = gateway.check_code(verification_sid=verification.twilio_sid, code=code)
    except UnknownSidError:
        _close(verification, State.EXPIRED)
        raise _expired() from None
    except ProductError as refusal:
        # An outage does not count as a try of the customer.
        if refusal.code in gateway.OUTAGE_CODES:
            Verification.objects.filter(pk=verification.pk).update(
                attempts_left=F("attempts_left") + 1
            )
        elif refusal.code == "too_many_tries":
            _close(verification, State.EXHAUSTED)
        raise
    if not is_right:
        tries_left = verification.attempts_left
        words, hint = "1 try is left." if tries_left == 1 else f"{tries_left} tries are left.", None
        if not tries_left:
            _close(verification, State.EXHAUSTED)
            words, hint = "That was the last try.", ERRORS["verification_expired"].hints
        details = {"attempts_left": tries_left}
        raise ProductError(
            "wrong_code", f"That is not the code. {words}", hint=hint, details=details
        )
    return _approve(verification, user, token)


def expire_verification(verification: Verification) -> bool:
    """End a verification that waits, so that another can be requested. Return False if none waited.

    The code is canceled at Twilio first, which would send it again to anyone with the number.
    """
    if verification.state in WAITING_STATES and verification.twilio_sid:
        with suppress(UnknownSidError):
            gateway.cancel_verification(verification.twilio_sid)
    open_ones = Verification.objects.filter(pk=verification.pk, state__in=WAITING_STATES)
    return open_ones.update(state=State.EXPIRED, closed_at=timezone.now()) == 1


def _begin(user: User, number: Number, channel: str) -> Verification:
    """Return the verification that waits for this number, or one in place of the user's others.

    The user's row is locked first, so that of several requests at once the last one is left. A
    request whose code is being sent meanwhile fails in `_record_code`.
    """
    account = user.account
    with transaction.atomic():
        # NO KEY: a confirmation writes rows that refer to the user, and must not wait for this.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        waiting = pending(account).filter(e164=number.e164).order_by("-id").first()
        if waiting is not None:
            waiting.channel = channel
            return waiting
        others = Verification.objects.filter(account=account, user=user, state__in=WAITING_STATES)
        others.exclude(e164=number.e164).update(state=State.REPLACED, closed_at=timezone.now())
        return Verification.objects.create(
            account=account,
            user=user,
            e164=number.e164,
            country=number.country,
            channel=channel,
            expires_at=timezone.now() + CODE_LIVES,
        )


def _record_code(verification: Verification, sid: str) -> None:
    """Commit that a code is under way, unless the verification ended while it was being sent."""
    changes: dict[str, object] = {"state": State.PENDING, "channel": verification.channel}
    if sid != verification.twilio_sid:
        changes |= {
            "twilio_sid": sid,
            "attempts_left": MAX_TRIES,
            "expires_at": timezone.now() + CODE_LIVES,
        }
    waiting = Verification.objects.filter(pk=verification.pk, state__in=WAITING_STATES)
    if not waiting.update(**changes):
        raise ProductError(
            "verification_expired", "This verification ended while its code was being sent."
        )
    verification.refresh_from_db()


def _choose(
    user: User, number: str | None, country: str | None, verification_id: str | None
) -> Verification:
    """Return the verification of a code. Raise ProductError if none waits, or several numbers do.

    A number that was requested twice at once waits twice, and Twilio sent it one code.
    """
    mine = Verification.objects.filter(account=user.account)
    if verification_id:
        mine = mine.filter(public_id=verification_id)
    if number:
        default = user.account.default_country or None
        read = read_number(number, stated_country=country, default_country=default)
        mine = mine.filter(e164=read.e164)
    open_ones = mine.filter(state=State.PENDING, expires_at__gt=timezone.now())
    waiting = list(open_ones.order_by("-id"))
    own = [v for v in waiting if v.user_id == user.pk]
    for group in (own, waiting):
        if len({v.e164 for v in group}) == 1:
            return group[0]
    if waiting:
        raise ProductError(
            "several_verifications_pending", "Several phones wait for a code.",
            details={"numbers": list(dict.fromkeys(v.e164 for v in waiting))},
        )  # fmt: skip
    recent = mine.filter(created_at__gt=timezone.now() - timedelta(days=1))
    last = recent.order_by("-id").first()
    if last is not None and last.state == State.EXHAUSTED:
        raise ProductError("too_many_tries", "That code is spent: too many wrong tries.")
    if last is not None and last.state in (State.PENDING, State.EXPIRED):
        raise _expired()
    raise ProductError("no_verification_pending", "No phone waits for a code.")


def _take_a_try(verification: Verification) -> None:
    """Count a try before it is made, so that parallel guesses get no more tries."""
    left = Verification.objects.filter(pk=verification.pk, state=State.PENDING, attempts_left__gt=0)
    if not left.update(attempts_left=F("attempts_left") - 1):
        _close(verification, State.EXHAUSTED)
        raise ProductError("too_many_tries", "That code is spent: too many wrong tries.")
    verification.refresh_from_db()


def _expired() -> ProductError:
    return ProductError("verification_expired", "That code has expired or was used.")


def _close(verification: Verification, state: str) -> bool:
    """End a verification that waits. Return True if this ended it."""
    waiting = Verification.objects.filter(pk=verification.pk, state=State.PENDING)
    return waiting.update(state=state, closed_at=timezone.now()) == 1


def _approve(verification: Verification, user: User, token: AccessToken | None) -> CallerId:
    """Give the verified phone to this account. Another account that has it keeps it too."""
    account, now = user.account, timezone.now()
    # A number that was requested twice at once has another verification, which ends too.
    same = Verification.objects.filter(account=account, e164=verification.e164)
    waiting = same.filter(Q(pk=verification.pk) | Q(expires_at__gt=now), state=State.PENDING)
    for _ in range(2):
        try:
            with transaction.atomic():
                waiting.update(state=State.APPROVED, closed_at=now)
                caller_id = _take_number(verification, account)
                ensure_default(account)
                if not account.default_country and len(verification.country) == 2:
                    Account.objects.filter(pk=account.pk, default_country="").update(
                        default_country=verification.country
                    )
                audit.record(
                    "caller_id.verified", account=account, user=user, token=token,
                    number=mask(caller_id.e164),
                )  # fmt: skip
        except IntegrityError:
            logger.info("caller ID verified twice at once", extra={"id": verification.public_id})
        else:
            caller_id.refresh_from_db()
            return caller_id
    raise ProductError("unavailable", "Another verification of this phone is just being stored.")


def _take_number(verification: Verification, account: Account) -> CallerId:
    """Return the caller ID of the account.

    Its users are mailed about a new phone, and so are those of other accounts with the phone.
    """
    e164 = verification.e164
    locked = CallerId.objects.select_for_update(of=("self",)).select_related("account")
    standing = list(locked.filter(e164=e164, removed_at=None).order_by("id"))
    own_phone = next((phone for phone in standing if phone.account_id == account.pk), None)
    if own_phone is not None:
        own_phone.verified_at = timezone.now()
        own_phone.save(update_fields=["verified_at"])
        return own_phone
    new_phone = CallerId.objects.create(account=account, e164=e164, country=verification.country)
    for other in standing:
        audit.record("caller_id.shared", account=other.account, number=mask(e164))
        queue_mail_to_users(
            other.account,
            template="telephony/mail/caller_id_shared",
            context={"number": mask(e164)},
            key=f"caller-id-shared:{other.public_id}:{new_phone.public_id}",
        )
    queue_mail_to_users(
        account,
        template="telephony/mail/caller_id_verified",
        context={"number": mask(e164)},
        key=f"caller-id-verified:{new_phone.public_id}",
    )
    return new_phone
